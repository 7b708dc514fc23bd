#include "store/tracking/lookup.h"

#include "store/suites/registry.h"

namespace millrace::lookup_test {
namespace {

class TrackingLookupTest : public RegistrySuite {
 protected:
  void add_run(const std::string& id, const std::string& stage) {
    db().write([&](Work& work) {
      work.execute(
          "INSERT INTO runs (run_uuid, experiment_id, artifact_uri, lifecycle_stage)"
          " VALUES (:id, 0, :uri, :stage)",
          {id, "mlflow-artifacts:/0/" + id + "/artifacts", stage});
    });
  }
  void add_logged_model(const std::string& id, const std::string& stage, const Value& run) {
    db().write([&](Work& work) {
      work.execute(
          "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location,"
          " creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage,"
          " source_run_id) VALUES (:id, 0, 'n', :location, 1, 1, 2, :stage, :run)",
          {id, "mlflow-artifacts:/0/models/" + id, stage, run});
    });
  }
  std::string versions_tag(const std::string& id) {
    return std::get<0>(*db().read([&id](Work& work) {
      return work.first<std::string>(
          "SELECT tag_value FROM logged_model_tags"
          " WHERE model_id = :id AND tag_key = 'mlflow.modelVersions'",
          {id});
    }));
  }
  // As model-versions/create does it.
  void add_version(const std::string& model_id, const std::string& name, std::int64_t version) {
    bool done = false;
    while (!done) {
      const tracking::ModelVersionList list(model_id,
                                            read(tracking::get_model_versions_tag, model_id), name);
      done = db().write([&](Work& work) {
        if (!tracking::hold_model_versions(work, list)) return false;
        tracking::add_model_version(work, list, version);
        return true;
      });
    }
  }
};

TEST_P(TrackingLookupTest, RunsAreFoundDeletedOnesToo) {
  add_run("r1", "active");
  add_run("r2", "deleted");
  EXPECT_EQ(read(tracking::find_source_run, "r1")->artifact_uri,
            "mlflow-artifacts:/0/r1/artifacts");
  EXPECT_EQ(read(tracking::find_source_run, "r1")->lifecycle_stage, "active");
  EXPECT_EQ(read(tracking::find_source_run, "r2")->lifecycle_stage, "deleted");
  EXPECT_FALSE(read(tracking::find_source_run, "r3"));
}

TEST_P(TrackingLookupTest, LoggedModelsAreFoundUnlessDeleted) {
  add_logged_model("a", "active", "r1");
  add_logged_model("b", "deleted", "r1");
  add_logged_model("c", "active", {});
  EXPECT_EQ(read(tracking::find_source_logged_model, "a")->artifact_location,
            "mlflow-artifacts:/0/models/a");
  EXPECT_EQ(read(tracking::find_source_logged_model, "a")->source_run_id, "r1");
  EXPECT_EQ(read(tracking::find_source_logged_model, "c")->source_run_id, std::nullopt);
  EXPECT_FALSE(read(tracking::find_source_logged_model, "b"));
  EXPECT_FALSE(read(tracking::find_source_logged_model, "d"));
}

// Nor is a list overwritten that another one has changed since it was read.
TEST_P(TrackingLookupTest, AListThatHasChangedIsKnown) {
  add_logged_model("a", "active", {});
  const tracking::ModelVersionList none("a", "", "m");
  EXPECT_TRUE(write(tracking::hold_model_versions, none));
  add_version("a", "m", 1);
  EXPECT_FALSE(write(tracking::hold_model_versions, none));
  const tracking::ModelVersionList now("a", versions_tag("a"), "m");
  EXPECT_TRUE(write(tracking::hold_model_versions, now));
}

TEST_P(TrackingLookupTest, VersionsAreAppendedToTheTag) {
  add_logged_model("a", "active", {});
  add_version("a", "m", 1);
  add_version("a", "n", 7);
  EXPECT_EQ(versions_tag("a"), R"([{"name": "m", "version": 1}, {"name": "n", "version": 7}])");
}

TEST_P(TrackingLookupTest, NoVersionIsLostAmongMany) {
  add_logged_model("a", "active", {});
  EXPECT_EQ(at_once(16, [&](int i) { add_version("a", "m", i); }), 16);
  const std::string tag = versions_tag("a");
  for (int i = 0; i < 16; ++i) {
    EXPECT_NE(tag.find("\"version\": " + std::to_string(i) + "}"), std::string::npos) << tag;
  }
}

TEST_P(TrackingLookupTest, AppendingNeedsALivingModel) {
  add_logged_model("b", "deleted", {});
  for (const char* id : {"b", "zz"}) {
    EXPECT_MILLRACE_ERROR(add_version(id, "m", 1), ErrorCode::ResourceDoesNotExist,
                          "Logged model with ID '" + std::string(id) + "' not found.");
  }
}

MILLRACE_REGISTRY_SUITE(TrackingLookupTest);

}  // namespace
}  // namespace millrace::lookup_test
