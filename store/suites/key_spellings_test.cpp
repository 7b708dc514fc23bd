// Keys that differ in letter case, accents or trailing blanks: two keys where the database tells
// them apart, refused by both names where it does not, with nothing stored.
#include "store/suites/run_data.h"

namespace millrace::key_spellings_test {
namespace {

using Tags = std::vector<Tag>;

class KeySpellingsTest : public RunDataSuite {
 protected:
  // Whether this database finds another spelling of the run's id equal to it.
  bool finds(const std::string& spelling) {
    return db().dialect() == Dialect::Mysql && db().read([&](Work& work) {
      return work.first<std::int64_t>("SELECT 1 FROM runs WHERE run_uuid = :run_id", {spelling})
          .has_value();
    });
  }
  bool merges() { return finds("0123456789ABCDEF0123456789ABCDEF"); }
  bool merges_blanks() { return finds(run_ + " "); }

  template <class Statement>
  bool refused(const std::string& one, const std::string& other, Statement&& statement) {
    return refused_if(merges(), one, other, statement);
  }
  // Runs `statement`, which is to be refused by the names of both where they are one key here.
  // Returns whether it was.
  template <class Statement>
  bool refused_if(bool are_one, const std::string& one, const std::string& other,
                  Statement&& statement) {
    if (!are_one) {
      statement();
      return false;
    }
    try {
      statement();
      ADD_FAILURE() << one << " and " << other << " were taken";
    } catch (const Error& error) {
      EXPECT_EQ(error_row(error.code()).http_status, 400);
      const std::string text = error.message();
      EXPECT_NE(text.find("'" + one + "'"), std::string::npos) << text;
      EXPECT_NE(text.find("'" + other + "'"), std::string::npos) << text;
      EXPECT_NE(text.find("does not tell them apart"), std::string::npos) << text;
    }
    return true;
  }

  static Metric point(const std::string& key, double value, std::int64_t step = 1) {
    return {.key = key, .value = value, .timestamp = 5, .step = step};
  }

  void log(const tracking::RunBatch& batch) { write(tracking::log_batch, run_, batch); }

  tracking::NewLoggedModel model(const Tags& params, const Tags& tags) {
    return {.experiment_id = 0,
            .experiment_text = "0",
            .name = "m",
            .model_type = "",
            .source_run_id = "",
            .params = params,
            .tags = tags};
  }

  tracking::NewRun run(const Tags& tags) {
    return {.experiment_id = 0,
            .experiment_text = "0",
            .user_id = "",
            .run_name = "r",
            .start_time = 0,
            .tags = tags};
  }
};

TEST_P(KeySpellingsTest, OfMetricsWithinABatch) {
  const bool one = refused("F1", "f1", [&] {
    log({.metrics = {point("loss", 1), point("F1", 0.5), point("f1", 0.9)},
         .params = {{"p", "1"}},
         .tags = {{"t", "1"}}});
  });
  EXPECT_EQ(latest(), one ? "" : in_order({"loss=1@5/1", "F1=0.5@5/1", "f1=0.9@5/1"}));
  EXPECT_EQ(count("metrics"), one ? 0 : 3);
  EXPECT_EQ(count("params") + count("tags"), one ? 0 : 2);
}

TEST_P(KeySpellingsTest, OfMetricsThatAreStored) {
  log({.metrics = {point("F1", 0.5)}});
  for (const double value : {0.9, 0.5}) {
    const bool one =
        refused("F1", "f1", [&] { write(tracking::log_metric, run_, point("f1", value)); });
    refused("F1", "f1", [&] {
      log({.metrics = {point("a", 1), point("f1", value, 7)}, .params = {{"p", "1"}}});
    });
    EXPECT_EQ(count("metrics WHERE metrics.key = 'a'"), one ? 0 : 1);
  }
  write(tracking::log_metric, run_, point("F1", 2, 9));
  EXPECT_NE(latest().find("F1=2@5/9"), std::string::npos);
}

TEST_P(KeySpellingsTest, OfMetricsInManyRows) {
  tracking::RunBatch batch;
  for (int i = 0; i < 150; ++i) batch.metrics.push_back(point("k" + std::to_string(i), i));
  batch.metrics.push_back(point("K7", 1));
  const bool one = refused("k7", "K7", [&] { log(batch); });
  EXPECT_EQ(count("metrics"), one ? 0 : 151);
}

TEST_P(KeySpellingsTest, OfTextsBeyondAscii) {
  const auto both = [&] { log({.metrics = {point("épo", 1), point("EPO", 2)}}); };
  refused("épo", "EPO", both);
}

TEST_P(KeySpellingsTest, OfTrailingBlanks) {
  refused_if(merges_blanks(), "p", "p ", [&] { log({.params = {{"p", "1"}, {"p ", "2"}}}); });
  refused_if(merges_blanks(), "m", "m ", [&] {
    log({.metrics = {point("m", 1), point("m ", 1)}});
  });
  refused_if(merges_blanks(), "t", "t ", [&] { log({.tags = {{"t", "1"}, {"t ", "2"}}}); });
}

TEST_P(KeySpellingsTest, OfParams) {
  const bool one = refused("C", "c", [&] { log({.params = {{"C", "1"}, {"c", "2"}}}); });
  EXPECT_EQ(count("params"), one ? 0 : 2);
  refused("E", "e", [&] { log({.params = {{"E", "1"}, {"e", "1"}}}); });
  write(tracking::log_param, run_, {"D", "1"});
  for (const char* value : {"1", "2"}) {
    if (!merges() && std::string(value) == "2") break;
    refused("D", "d", [&] { write(tracking::log_param, run_, {"d", value}); });
    refused("D", "d", [&] { log({.params = {{"x", "1"}, {"d", value}}}); });
  }
  write(tracking::log_param, run_, {"D", "1"});
  log({.params = {{"D", "1"}}});
  EXPECT_EQ(count("params WHERE params.key = 'x'"), one ? 0 : 1);
}

TEST_P(KeySpellingsTest, OfTagsInABatch) {
  const bool one = refused("Team", "team", [&] {
    log({.metrics = {point("m", 1)}, .tags = {{"Team", "a"}, {"team", "b"}}});
  });
  EXPECT_EQ(count("metrics"), one ? 0 : 1);
  write(tracking::set_run_tag, run_, {"Side", "a"});
  refused("Side", "side", [&] { log({.tags = {{"x", "1"}, {"side", "b"}}}); });
}

TEST_P(KeySpellingsTest, ATagAloneTakesTheOthersPlace) {
  write(tracking::set_run_tag, run_, {"Team", "a"});
  write(tracking::set_run_tag, run_, {"team", "b"});
  EXPECT_EQ(count("tags"), merges() ? 1 : 2);
  write(registry::create_registered_model, "m", Tags{}, std::nullopt);
  write(registry::set_registered_model_tag, "m", {"Team", "a"});
  write(registry::set_registered_model_tag, "m", {"team", "b"});
  EXPECT_EQ(count("registered_model_tags"), merges() ? 1 : 2);
}

TEST_P(KeySpellingsTest, OfTagsOfANewRun) {
  const auto before = count("runs");
  const bool one = refused("Team", "team", [&] {
    write(tracking::create_run, run({{"Team", "a"}, {"team", "b"}}), join);
  });
  refused("mlflow.RUNname", "mlflow.runName", [&] {
    write(tracking::create_run, run({{"mlflow.RUNname", "x"}}), join);
  });
  EXPECT_EQ(count("runs"), before + (one ? 0 : 2));
}

TEST_P(KeySpellingsTest, OfTagsOfANewExperiment) {
  const auto location = [](std::int64_t) { return std::string("mlflow-artifacts:/e"); };
  const bool one = refused("Team", "team", [&] {
    write(tracking::create_experiment, "e", location, Tags{{"Team", "a"}, {"team", "b"}});
  });
  EXPECT_EQ(count("experiments WHERE name = 'e'"), one ? 0 : 1);
  EXPECT_MILLRACE_ERROR(
      write(tracking::create_experiment, "twice", location, Tags{{"a", "1"}, {"a", "2"}}),
      ErrorCode::ResourceAlreadyExists,
      "Experiment(name=twice) already exists. Error: a tag key is given twice.");
}

TEST_P(KeySpellingsTest, OfTagsOfANewRegisteredModelAndItsVersions) {
  const bool one = refused("Team", "team", [&] {
    write(registry::create_registered_model, "m", Tags{{"Team", "a"}, {"x", "1"}, {"team", "b"}},
          std::nullopt);
  });
  EXPECT_EQ(count("registered_models"), one ? 0 : 1);
  if (one) write(registry::create_registered_model, "m", Tags{{"Team", "a"}}, std::nullopt);
  refused("Team", "team", [&] {
    write(registry::create_model_version, {.name = "m",
                                           .source = "s",
                                           .storage_location = "s",
                                           .run_id = "",
                                           .run_link = "",
                                           .description = "",
                                           .tags = {{"Team", "a"}, {"team", "b"}}});
  });
  EXPECT_EQ(count("model_versions"), one ? 0 : 1);
}

TEST_P(KeySpellingsTest, OfALoggedModel) {
  const bool one = refused("C", "c", [&] {
    write(tracking::create_logged_model, model({{"C", "1"}, {"c", "2"}}, {}), join);
  });
  refused("Team", "team", [&] {
    write(tracking::create_logged_model, model({}, {{"Team", "1"}, {"team", "2"}}), join);
  });
  EXPECT_EQ(count("logged_models"), one ? 0 : 2);
  const std::string id =
      write(tracking::create_logged_model, model({{"P", "1"}}, {{"T", "1"}}), join).model_id;
  refused("P", "p", [&] { write(tracking::log_logged_model_params, id, Tags{{"p", "1"}}); });
  refused("U", "u", [&] {
    write(tracking::set_logged_model_tags, id, Tags{{"U", "1"}, {"u", "1"}});
  });
  refused("T", "t", [&] {
    write(tracking::set_logged_model_tags, id, Tags{{"x", "1"}, {"t", "1"}});
  });
  write(tracking::set_logged_model_tags, id, Tags{{"t", "2"}});
  EXPECT_EQ(count("logged_model_tags WHERE model_id = '" + id + "'"), one ? 1 : 5);
}

TEST_P(KeySpellingsTest, OfTheMetricsOfALoggedModel) {
  add_model("m-1");
  const auto of_model = [](const std::string& key, double value) {
    Metric metric = point(key, value);
    metric.model_id = "m-1";
    return metric;
  };
  const std::vector<Metric> both{of_model("F1", 1), of_model("f1", 1)};
  const bool one = refused("F1", "f1", [&] { write(tracking::log_model_metrics, run_, both); });
  EXPECT_EQ(count("logged_model_metrics"), one ? 0 : 2);
}

MILLRACE_REGISTRY_SUITE(KeySpellingsTest);

}  // namespace
}  // namespace millrace::key_spellings_test
