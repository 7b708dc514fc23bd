// Inputs and outputs of runs.
#include "store/suites/tracking.h"
#include "store/tracking/runs.h"

namespace millrace::run_inputs_test {
namespace {

class RunInputsTest : public TrackingSuite {
 protected:
  RunInputsTest() {
    db().write([](Work& work) {
      work.execute(
          "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage,"
          " workspace) VALUES (5, 'five', 's3://b/5', 'active', 'default'),"
          " (6, 'six', 's3://b/6', 'active', 'default')");
    });
  }
  std::string new_run(std::int64_t experiment = 5) { return TrackingSuite::new_run(experiment); }
  std::int64_t count(const std::string& table) {
    return std::get<0>(*db().read(
        [&](Work& work) { return work.first<std::int64_t>("SELECT COUNT(*) FROM " + table); }));
  }
  // "name/digest/source [tags]" of each.
  std::string inputs_of(const std::string& run_id) {
    std::string text;
    for (const DatasetInput& input : read(tracking::get_run, run_id).dataset_inputs) {
      if (!text.empty()) text += ", ";
      text += input.dataset.name + "/" + input.dataset.digest + "/" + input.dataset.source;
      text += " [" + text_of(input.tags) + "]";
    }
    return text;
  }
  std::string outputs_of(const std::string& run_id) {
    std::string text;
    for (const ModelOutput& output : read(tracking::get_run, run_id).model_outputs) {
      if (!text.empty()) text += " ";
      text += output.model_id + "@" + std::to_string(output.step);
    }
    return text;
  }
};

DatasetInput input(const std::string& name, const std::string& digest, const std::string& source,
                   const std::vector<Tag>& tags = {}) {
  return {.tags = tags,
          .dataset = {.name = name,
                      .digest = digest,
                      .source_type = "t",
                      .source = source,
                      .schema = std::nullopt,
                      .profile = "p"}};
}

TEST_P(RunInputsTest, ADatasetIsOneForItsExperimentNameAndDigest) {
  const std::string first = new_run(), second = new_run(), elsewhere = new_run(6);
  write(tracking::log_inputs, first, {input("d", "1", "s", {{"k", "1"}})}, {});
  write(tracking::log_inputs, second, {input("d", "1", "changed", {{"k", "2"}})}, {});
  write(tracking::log_inputs, elsewhere, {input("d", "1", "own")}, {});
  EXPECT_EQ(inputs_of(first), "d/1/s [k=1]");
  EXPECT_EQ(inputs_of(second), "d/1/s [k=2]");
  EXPECT_EQ(inputs_of(elsewhere), "d/1/own []");
  EXPECT_EQ(count("datasets"), 2);
}

TEST_P(RunInputsTest, AnInputKeepsItsTags) {
  const std::string id = new_run();
  write(tracking::log_inputs, id, {input("d", "1", "s", {{"k", "1"}})}, {});
  write(tracking::log_inputs, id, {input("d", "1", "s", {{"k", "2"}, {"more", "3"}})}, {});
  EXPECT_EQ(inputs_of(id), "d/1/s [k=1]");
  EXPECT_EQ(count("inputs"), 1);
}

TEST_P(RunInputsTest, OfEqualDatasetsInOneRequestTheFirstCounts) {
  const std::string id = new_run();
  write(tracking::log_inputs, id,
        {input("d", "1", "a", {{"k", "1"}}), input("d", "1", "b", {{"k", "2"}}),
         input("d", "2", "c")},
        {});
  const auto run = read(tracking::get_run, id);
  ASSERT_EQ(run.dataset_inputs.size(), 2U);
  const Dataset& dataset =
      run.dataset_inputs[run.dataset_inputs[0].dataset.digest == "1" ? 0 : 1].dataset;
  EXPECT_EQ(dataset.source, "a");
  EXPECT_EQ(dataset.schema, std::nullopt);
  EXPECT_EQ(dataset.profile, "p");
  EXPECT_EQ(count("input_tags"), 1);
}

TEST_P(RunInputsTest, ManyDatasetsOfOneRequestAreAllThere) {
  std::vector<DatasetInput> inputs;
  for (int i = 0; i < 150; ++i)
    inputs.push_back(input("d" + std::to_string(i % 140), "1", "s", {{"k", std::to_string(i)}}));
  const std::string first = new_run(), second = new_run();
  write(tracking::log_inputs, first, inputs, {});
  write(tracking::log_inputs, second, inputs, {});
  EXPECT_EQ(count("datasets"), 140);
  EXPECT_EQ(count("inputs"), 280);
  EXPECT_EQ(count("input_tags"), 280);
  EXPECT_EQ(read(tracking::get_run, second).dataset_inputs.size(), 140U);
}

TEST_P(RunInputsTest, ATagGivenTwiceUndoesTheWholeRequest) {
  const std::string id = new_run();
  EXPECT_THROW(
      write(tracking::log_inputs, id,
            {input("good", "1", "s"), input("bad", "1", "s", {{"k", ""}, {"k", ""}})}, {"m-1"}),
      UniqueViolation);
  EXPECT_EQ(count("datasets"), 0);
  EXPECT_EQ(count("inputs"), 0);
}

TEST_P(RunInputsTest, ModelInputsAreASet) {
  const std::string id = new_run();
  write(tracking::log_inputs, id, {}, {"m-b", "m-a", "m-b"});
  write(tracking::log_inputs, id, {}, {"m-a"});
  EXPECT_EQ(text_of(read(tracking::get_run, id).model_inputs), "m-a m-b");
}

TEST_P(RunInputsTest, AnOutputIsLoggedOnce) {
  const std::string id = new_run();
  write(tracking::log_outputs, id, {{"m-2", 5}, {"m-1", -1}});
  EXPECT_EQ(outputs_of(id), "m-1@-1 m-2@5");
  EXPECT_THROW(write(tracking::log_outputs, id, {{"m-3", 0}, {"m-1", 7}}), UniqueViolation);
  EXPECT_THROW(write(tracking::log_outputs, id, {{"m-4", 0}, {"m-4", 1}}), UniqueViolation);
  EXPECT_EQ(outputs_of(id), "m-1@-1 m-2@5");
  write(tracking::log_outputs, new_run(), {{"m-1", 0}});
}

TEST_P(RunInputsTest, ManyRunsBringOneNewDatasetAtOnce) {
  std::vector<std::string> ids;
  for (int i = 0; i < 16; ++i) ids.push_back(new_run());
  const auto log = [&](int i) {
    write(tracking::log_inputs, ids[static_cast<std::size_t>(i)], {input("d", "1", "s")}, {});
  };
  EXPECT_EQ(at_once(16, log), 16);
  EXPECT_EQ(count("datasets"), 1);
  EXPECT_EQ(count("inputs"), 16);
}

TEST_P(RunInputsTest, ManyClientsOfOneRunBringOneInputAtOnce) {
  const std::string id = new_run();
  const auto log = [&](int) {
    write(tracking::log_inputs, id, {input("d", "1", "s", {{"k", "v"}})}, {"m"});
  };
  EXPECT_EQ(at_once(16, log), 16);
  EXPECT_EQ(inputs_of(id), "d/1/s [k=v]");
  EXPECT_EQ(text_of(read(tracking::get_run, id).model_inputs), "m");
}

MILLRACE_REGISTRY_SUITE(RunInputsTest);

}  // namespace
}  // namespace millrace::run_inputs_test
