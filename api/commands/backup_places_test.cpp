#include "api/commands/backup_places.h"

#include <gmock/gmock.h>

#include <functional>

#include "store/common/error.h"

namespace millrace::backup_places_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "member option path" of each.
std::vector<std::string> lines(const std::vector<BackupPlace>& places) {
  std::vector<std::string> result;
  result.reserve(places.size());
  for (const BackupPlace& place : places) {
    result.push_back(place.member + " " + place.option + " " + place.path);
  }
  return result;
}

Config config(const std::string& destination, const std::string& root = "mlflow-artifacts:/") {
  Config result;
  result.backend_store_uri = result.registry_store_uri = "sqlite:////nowhere/a.db";
  result.artifacts_destination = destination;
  result.default_artifact_root = root;
  return result;
}

TEST(BackupPlaces, AreThoseOfTheSettings) {
  Config two = config("/nowhere/served", "file:///nowhere/base");
  two.registry_store_uri = "sqlite:////nowhere/x/../b.db";
  const BackupPlaces places = backup_places(two, true);
  EXPECT_THAT(lines(places.databases),
              ElementsAre("mlflow.db --backend-store-uri /nowhere/a.db",
                          "registry.db --registry-store-uri /nowhere/b.db"));
  EXPECT_THAT(lines(places.folders),
              ElementsAre("artifacts --artifacts-destination /nowhere/served",
                          "artifact-root --default-artifact-root /nowhere/base"));
  EXPECT_THAT(places.elsewhere, IsEmpty());
  EXPECT_THAT(lines(backup_places(two, false).databases), IsEmpty());
}

TEST(BackupPlaces, OneDatabaseIsNamedOnce) {
  Config same = config("/nowhere/served");
  same.registry_store_uri = "sqlite:////nowhere/./a.db";
  EXPECT_THAT(lines(backup_places(same, true).databases),
              ElementsAre("mlflow.db --backend-store-uri /nowhere/a.db"));
}

TEST(BackupPlaces, ADatabaseInMemoryHasNone) {
  Config memory = config("/nowhere/served");
  memory.registry_store_uri = "sqlite:///:memory:";
  EXPECT_THAT(lines(backup_places(memory, true).databases),
              ElementsAre("mlflow.db --backend-store-uri /nowhere/a.db"));
  memory.backend_store_uri = "sqlite:///:memory:";
  EXPECT_THAT(lines(backup_places(memory, true).databases), IsEmpty());
}

TEST(BackupPlaces, NoFolderIsInsideAnother) {
  EXPECT_THAT(lines(backup_places(config("/nowhere/a", "/nowhere/a/b"), true).folders),
              ElementsAre("artifacts --artifacts-destination /nowhere/a"));
  EXPECT_THAT(lines(backup_places(config("/nowhere/a/b", "/nowhere/a"), true).folders),
              ElementsAre("artifact-root --default-artifact-root /nowhere/a"));
  EXPECT_THAT(lines(backup_places(config("/nowhere/a", "/nowhere/a"), true).folders),
              ElementsAre("artifacts --artifacts-destination /nowhere/a"));
}

TEST(BackupPlaces, OtherStorageIsTold) {
  const BackupPlaces places = backup_places(config("s3://bucket/x", "gs://other"), true);
  EXPECT_THAT(places.folders, IsEmpty());
  EXPECT_THAT(places.elsewhere, ElementsAre(HasSubstr("s3://bucket/x (--artifacts-destination)"),
                                            HasSubstr("gs://other (--default-artifact-root)")));
}

TEST(BackupPlaces, HoldTheArtifactsOfTheirFolders) {
  const BackupPlaces places = backup_places(config("/nowhere/a", "/nowhere/base"), true);
  for (const char* uri : {"mlflow-artifacts:/1", "https://host/api", "/nowhere/a",
                          "/nowhere/base/1", "file:///nowhere/base", "/nowhere/x/../a/b"}) {
    EXPECT_TRUE(holds_artifacts_of(places, uri)) << uri;
  }
  for (const char* uri : {"s3://bucket/x", "/nowhere", "/nowhere/ab", "/nowhere/a/../b", "dbfs:/x",
                          "file:///elsewhere"}) {
    EXPECT_FALSE(holds_artifacts_of(places, uri)) << uri;
  }
}

TEST(BackupPlaces, DatabaseServersHaveToolsOfTheirOwn) {
  const auto refusal = [](const std::string& backend, const std::string& registry,
                          const char* verb) -> std::string {
    Config config;
    config.backend_store_uri = backend;
    config.registry_store_uri = registry;
    try {
      require_sqlite_stores(config, verb);
    } catch (const Error& error) {
      return error.message();
    }
    return "";
  };
  const std::string sqlite = "sqlite:///a.db";
  EXPECT_EQ(refusal(sqlite, sqlite, "backup"), "");
  EXPECT_THAT(refusal("mysql://u:secret@h/d", sqlite, "backup"),
              testing::AllOf(HasSubstr("--backend-store-uri"), HasSubstr("mysqldump"),
                             HasSubstr("--artifacts-only"), testing::Not(HasSubstr("secret"))));
  EXPECT_THAT(refusal(sqlite, "postgresql://u:secret@h/d", "backup"),
              testing::AllOf(HasSubstr("--registry-store-uri"), HasSubstr("pg_dump")));
}

}  // namespace
}  // namespace millrace::backup_places_test
