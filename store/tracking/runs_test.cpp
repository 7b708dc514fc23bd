#include "store/tracking/runs.h"

#include "store/suites/tracking.h"

namespace millrace::runs_test {
namespace {

class RunsTest : public TrackingSuite {
 protected:
  RunsTest() {
    sql("INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage,"
        " workspace) VALUES (5, 'five', 's3://b/5', 'active', 'default'),"
        " (6, 'six', 's3://b/6', 'deleted', 'default')");
  }
  void sql(const std::string& statement) {
    db().write([&](Work& work) { work.execute(statement); });
  }
  template <class Column>
  std::optional<Column> value(const std::string& select) {
    const auto row =
        db().read([&](Work& work) { return work.first<std::optional<Column>>(select); });
    return row ? std::get<0>(*row) : std::nullopt;
  }
  auto create(const std::string& name, const std::vector<Tag>& tags = {}) {
    return write(tracking::create_run,
                 {.experiment_id = 5,
                  .experiment_text = "5",
                  .user_id = "u",
                  .run_name = name,
                  .start_time = 7,
                  .tags = tags},
                 join);
  }
  std::string new_run() { return create("r").info.run_id; }
  std::string tags_of(const std::string& run_id) {
    return text_of(read(tracking::get_run, run_id).tags);
  }
};

TEST_P(RunsTest, ACreatedRunIsThere) {
  const auto created = create("first", {{"z", "1"}, {"a", "2"}});
  const RunInfo& info = created.info;
  EXPECT_EQ(info.run_id.size(), 32U);
  EXPECT_EQ(info.experiment_id, "5");
  EXPECT_EQ(info.run_name, "first");
  EXPECT_EQ(info.user_id, "u");
  EXPECT_EQ(info.status, "RUNNING");
  EXPECT_EQ(info.start_time, 7);
  EXPECT_EQ(info.end_time, std::nullopt);
  EXPECT_EQ(info.artifact_uri, "s3://b/5/" + info.run_id + "/artifacts");
  EXPECT_EQ(info.lifecycle_stage, "active");
  EXPECT_EQ(text_of(created.tags), "z=1 a=2 mlflow.runName=first");
  const auto found = read(tracking::get_run, info.run_id);
  EXPECT_EQ(found.info.run_name, "first");
  EXPECT_EQ(found.info.artifact_uri, info.artifact_uri);
  EXPECT_EQ(found.tags.size(), 3U);
  EXPECT_NE(create("first").info.run_id, info.run_id);
}

TEST_P(RunsTest, TheNameIsGivenOrTaggedOrMadeUp) {
  EXPECT_EQ(create("", {{"mlflow.runName", "tagged"}}).info.run_name, "tagged");
  EXPECT_EQ(text_of(create("", {{"mlflow.runName", "tagged"}}).tags), "mlflow.runName=tagged");
  EXPECT_EQ(text_of(create("same", {{"mlflow.runName", "same"}}).tags), "mlflow.runName=same");
  const auto made_up = create("");
  EXPECT_FALSE(made_up.info.run_name.empty());
  EXPECT_EQ(text_of(made_up.tags), "mlflow.runName=" + made_up.info.run_name);
  EXPECT_MILLRACE_ERROR(create("a", {{"mlflow.runName", "b"}}), ErrorCode::InvalidParameterValue,
                        "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "
                        "different values (run_name='a', mlflow.runName='b').");
}

TEST_P(RunsTest, ARunMadeInPartsIsADeletedOneUntilItIsFinished) {
  const tracking::NewRun wanted{.experiment_id = 5,
                                .experiment_text = "5",
                                .user_id = "u",
                                .run_name = "r",
                                .start_time = 7,
                                .tags = {{"k", "v"}}};
  const auto begun = write(tracking::begin_run, wanted, join);
  EXPECT_EQ(begun.info.lifecycle_stage, "active");
  EXPECT_EQ(text_of(begun.tags), "k=v mlflow.runName=r");
  const std::string& id = begun.info.run_id;
  EXPECT_EQ(read(tracking::get_run, id).info.lifecycle_stage, "deleted");
  EXPECT_NE(value<std::int64_t>("SELECT deleted_time FROM runs"), std::nullopt);
  write(tracking::add_new_tags, id, std::span(begun.tags).first(1));
  write(tracking::add_new_tags, id, std::span(begun.tags).last(1));
  write(tracking::finish_run, id, 5);
  EXPECT_EQ(read(tracking::get_run, id).info.lifecycle_stage, "active");
  EXPECT_EQ(value<std::int64_t>("SELECT deleted_time FROM runs"), std::nullopt);
  EXPECT_EQ(tags_of(id), "k=v mlflow.runName=r");
  const auto dropped = write(tracking::begin_run, wanted, join);
  write(tracking::add_new_tags, dropped.info.run_id, dropped.tags);
  write(tracking::drop_begun_run, dropped.info.run_id);
  EXPECT_THROW(read(tracking::get_run, dropped.info.run_id), Error);
  tracking::NewRun twice = wanted;
  twice.tags = {{"mlflow.runName", ""}};  // beside which the name is put
  EXPECT_THROW(write(tracking::begin_run, twice, join), Error);
  EXPECT_EQ(value<std::int64_t>("SELECT COUNT(*) FROM runs"), 1);
  const auto late = write(tracking::begin_run, wanted, join);
  write(tracking::delete_experiment, 5);
  EXPECT_THROW(write(tracking::finish_run, late.info.run_id, 5), Error);
}

TEST_P(RunsTest, NothingIsCreatedWhereItCannotBe) {
  const tracking::NewRun none{.experiment_id = 9,
                              .experiment_text = "9",
                              .user_id = "",
                              .run_name = "r",
                              .start_time = 0,
                              .tags = {}};
  EXPECT_MILLRACE_ERROR(write(tracking::create_run, none, join), ErrorCode::ResourceDoesNotExist,
                        "No Experiment with id=9 exists");
  tracking::NewRun deleted = none;
  deleted.experiment_id = 6;
  EXPECT_MILLRACE_ERROR(
      write(tracking::create_run, deleted, join), ErrorCode::InvalidParameterValue,
      "The experiment 6 must be in the 'active' state. Current state is deleted.");
  tracking::NewRun blank = none;
  blank.experiment_id = 5;
  blank.experiment_text = "";
  EXPECT_THROW(write(tracking::create_run, blank, join), Error);
  EXPECT_THROW(create("r", {{"k", "1"}, {"k", "1"}}), UniqueViolation);
  EXPECT_EQ(value<std::int64_t>("SELECT COUNT(*) FROM runs"), 0);
  EXPECT_EQ(value<std::int64_t>("SELECT COUNT(*) FROM tags"), 0);
}

TEST_P(RunsTest, UpdateSetsWhatIsGiven) {
  const std::string id = new_run();
  EXPECT_EQ(write(tracking::update_run, id, {}).status, "RUNNING");
  const RunInfo ended = write(tracking::update_run, id, {"FINISHED", 99, ""});
  EXPECT_EQ(ended.status, "FINISHED");
  EXPECT_EQ(ended.end_time, 99);
  EXPECT_EQ(ended.run_name, "r");
  const RunInfo renamed = write(tracking::update_run, id, {std::nullopt, std::nullopt, "new"});
  EXPECT_EQ(renamed.status, "FINISHED");
  EXPECT_EQ(renamed.end_time, 99);
  EXPECT_EQ(renamed.run_name, "new");
  EXPECT_EQ(tags_of(id), "mlflow.runName=new");
  EXPECT_EQ(write(tracking::update_run, id, {std::nullopt, 0, ""}).end_time, 0);
}

TEST_P(RunsTest, TheTagTellsTheNameOfARunWithoutOne) {
  const std::string id = new_run();
  sql("UPDATE runs SET name = NULL");
  EXPECT_EQ(write(tracking::update_run, id, {}).run_name, "r");
}

TEST_P(RunsTest, DeletedRunsAreReadAndRestored) {
  const FixedClock clock(1000);
  const std::string id = new_run();
  write(tracking::delete_run, id);
  EXPECT_EQ(read(tracking::get_run, id).info.lifecycle_stage, "deleted");
  EXPECT_EQ(value<std::int64_t>("SELECT deleted_time FROM runs"), 1000);
  write(tracking::delete_run, id);
  const std::string text =
      "The run " + id + " must be in the 'active' state. Current state is deleted.";
  const auto refused = ErrorCode::InvalidParameterValue;
  EXPECT_MILLRACE_ERROR(write(tracking::update_run, id, {}), refused, text);
  EXPECT_MILLRACE_ERROR(write(tracking::set_run_tag, id, {"k", "v"}), refused, text);
  EXPECT_MILLRACE_ERROR(write(tracking::delete_run_tag, id, "k"), refused, text);
  EXPECT_MILLRACE_ERROR(write(tracking::replace_run_tag, id, "k", std::nullopt, ""), refused, text);
  EXPECT_MILLRACE_ERROR(write(tracking::log_inputs, id, {}, {}), refused, text);
  EXPECT_MILLRACE_ERROR(write(tracking::log_outputs, id, {}), refused, text);
  write(tracking::restore_run, id);
  write(tracking::restore_run, id);
  EXPECT_EQ(read(tracking::get_run, id).info.lifecycle_stage, "active");
  EXPECT_EQ(value<std::int64_t>("SELECT deleted_time FROM runs"), std::nullopt);
  write(tracking::set_run_tag, id, {"k", "v"});
}

TEST_P(RunsTest, AnUnknownRunIsNotFound) {
  const auto missing = ErrorCode::ResourceDoesNotExist;
  const std::string text = "Run with id=no not found";
  EXPECT_MILLRACE_ERROR(read(tracking::get_run, "no"), missing, text);
  EXPECT_MILLRACE_ERROR(write(tracking::update_run, "no", {}), missing, text);
  EXPECT_MILLRACE_ERROR(write(tracking::delete_run, "no"), missing, text);
  EXPECT_MILLRACE_ERROR(write(tracking::restore_run, "no"), missing, text);
  EXPECT_MILLRACE_ERROR(write(tracking::set_run_tag, "no", {"k", "v"}), missing, text);
  EXPECT_MILLRACE_ERROR(write(tracking::delete_run_tag, "no", "k"), missing, text);
  EXPECT_MILLRACE_ERROR(write(tracking::log_inputs, "no", {}, {}), missing, text);
  EXPECT_MILLRACE_ERROR(write(tracking::log_outputs, "no", {}), missing, text);
}

TEST_P(RunsTest, AssessmentsGoWithTheRunThatMadeThem) {
  const std::string id = new_run();
  sql("INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status)"
      " VALUES ('tr', 5, 1, 'OK')");
  const auto add = [&](const std::string& assessment, const std::string& run_id) {
    sql("INSERT INTO assessments (assessment_id, trace_id, name, assessment_type, value,"
        " created_timestamp, last_updated_timestamp, source_type, valid, assessment_metadata,"
        " is_numeric_value) VALUES ('" +
        assessment + "', 'tr', 'n', 'feedback', '1', 1, 1, 'HUMAN', TRUE," +
        " '{\"mlflow.assessment.sourceRunId\": \"" + run_id + "\"}', FALSE)");
  };
  add("mine", id);
  add("other", new_run());
  write(tracking::delete_run, id);
  EXPECT_EQ(value<std::string>("SELECT assessment_id FROM assessments"), "other");
}

TEST_P(RunsTest, TagsAreSetReplacedAndDeleted) {
  const std::string id = new_run();
  const std::string other = new_run();
  write(tracking::set_run_tag, id, {"k", "v"});
  write(tracking::set_run_tag, id, {"k", "w"});
  write(tracking::set_run_tag, other, {"k", "other"});
  EXPECT_EQ(read(tracking::get_run, id).tags.size(), 2U);
  write(tracking::delete_run_tag, id, "k");
  EXPECT_EQ(tags_of(id), "mlflow.runName=r");
  EXPECT_MILLRACE_ERROR(write(tracking::delete_run_tag, id, "k"), ErrorCode::ResourceDoesNotExist,
                        "No tag with name: k in run with id " + id);
  write(tracking::delete_run_tag, other, "k");
}

// MySQL finds the run; its data stay with the id that they were logged with, as in MLflow.
TEST_P(RunsTest, DataLoggedWithAnIdInAnotherCaseHideNoRun) {
  sql("INSERT INTO runs (run_uuid, experiment_id, name, lifecycle_stage)"
      " VALUES ('abc', 5, 'r', 'active')");
  if (db().dialect() != Dialect::Mysql) {
    EXPECT_MILLRACE_ERROR(write(tracking::set_run_tag, "ABC", {"k", "v"}),
                          ErrorCode::ResourceDoesNotExist, "Run with id=ABC not found");
    return;
  }
  write(tracking::set_run_tag, "abc", {"seen", "1"});
  write(tracking::set_run_tag, "ABC", {"k", "v"});
  EXPECT_EQ(tags_of("abc"), "seen=1");
  EXPECT_EQ(read(tracking::get_run, "ABC").info.run_id, "abc");
}

TEST_P(RunsTest, TheTagOfTheNameRenames) {
  const std::string id = new_run();
  write(tracking::set_run_tag, id, {"mlflow.runName", "tagged"});
  EXPECT_EQ(read(tracking::get_run, id).info.run_name, "tagged");
  write(tracking::set_run_tag, id, {"mlflow.runName", ""});
  EXPECT_EQ(tags_of(id), "mlflow.runName=tagged");
}

TEST_P(RunsTest, OneNewTagOfManyClientsIsOneTag) {
  const std::string id = new_run();
  const auto set = [&](int i) { write(tracking::set_run_tag, id, {"k", std::to_string(i)}); };
  EXPECT_EQ(at_once(16, set), 16);
  EXPECT_EQ(read(tracking::get_run, id).tags.size(), 2U);
}

TEST_P(RunsTest, NoChangeOfATagIsLost) {
  const std::string id = new_run();
  const auto append = [&](int) {
    std::optional<std::string> old;
    do {
      old = read(tracking::get_run_tag, id, "k");
    } while (!write(tracking::replace_run_tag, id, "k", old, old.value_or("") + "x"));
  };
  EXPECT_EQ(at_once(16, append), 16);
  EXPECT_EQ(value<std::string>("SELECT t.value FROM tags t WHERE t.key = 'k'"),
            std::string(16, 'x'));
  EXPECT_FALSE(write(tracking::replace_run_tag, id, "k", std::nullopt, "y"));
  EXPECT_FALSE(write(tracking::replace_run_tag, id, "k", "x", "y"));
  EXPECT_EQ(value<std::string>("SELECT t.value FROM tags t WHERE t.key = 'k'"),
            std::string(16, 'x'));
}

MILLRACE_REGISTRY_SUITE(RunsTest);

}  // namespace
}  // namespace millrace::runs_test
