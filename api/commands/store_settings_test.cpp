#include "api/commands/store_settings.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "store/common/error.h"

namespace millrace::store_settings_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class StoreSettings : public testing::Test {
 protected:
  ~StoreSettings() override {
    for (const std::string& name : variables_) unsetenv(name.c_str());
  }

  void set(const std::string& name, const char* value) {
    setenv(name.c_str(), value, 1);
    variables_.push_back(name);
  }
  void set_pool(const std::string& name, const char* value) {
    set("MLFLOW_SQLALCHEMYSTORE_" + name, value);
  }

  Config read(const std::string& backend = "mysql://u:secret@h/d",
              const std::string& registry = "") {
    Config config;
    config.backend_store_uri = backend;
    config.registry_store_uri = registry;
    warnings_.clear();
    read_store_settings(config, warnings_);
    return config;
  }

  std::string refusal(const std::string& backend = "mysql://u:secret@h/d",
                      const std::string& registry = "") {
    try {
      read(backend, registry);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
      EXPECT_EQ(error.message().find("secret"), std::string::npos);
      return error.message();
    }
    return "accepted";
  }

  std::string warnings_;

 private:
  std::vector<std::string> variables_;
};

TEST_F(StoreSettings, UrisAreCheckedAndTheRegistryDefaultsToTheBackendStore) {
  const Config one = read("postgresql+psycopg2://u:secret@h/d?sslmode=require");
  EXPECT_EQ(one.registry_store_uri, one.backend_store_uri);
  const Config two = read("sqlite:///a.db", "postgres://u:secret@h/d");
  EXPECT_EQ(two.backend_store_uri, "sqlite:///a.db");
  EXPECT_EQ(two.registry_store_uri, "postgres://u:secret@h/d");
  EXPECT_THAT(warnings_, IsEmpty());

  EXPECT_THAT(refusal("./mlruns"), HasSubstr("--backend-store-uri: './mlruns' is a file store"));
  EXPECT_THAT(refusal("sqlite:///a.db", "file:///x"), HasSubstr("--registry-store-uri: 'file:"));
  EXPECT_THAT(refusal("mssql+pyodbc://u:secret@h/d"),
              HasSubstr("--backend-store-uri: Bad database URI: the scheme"));
  EXPECT_THAT(refusal("mysql://u:secret@h/d?sql_mode=ANSI"), HasSubstr("'sql_mode'"));
  EXPECT_THAT(refusal("sqlite:///a.db", "postgresql://u:secret@h/d?charset=utf8"),
              HasSubstr("'charset'"));
}

TEST_F(StoreSettings, ADatabaseInMemoryHasOneUri) {
  const Config config = read("sqlite://", "sqlite+pysqlite:///:memory:");
  EXPECT_EQ(config.backend_store_uri, "sqlite:///:memory:");
  EXPECT_EQ(config.registry_store_uri, config.backend_store_uri);
  EXPECT_THAT(refusal("sqlite:///:memory:?cache=shared"), HasSubstr("'cache'"));
}

TEST_F(StoreSettings, AUriOfTwoFilesIsNamedOnce) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / "store_settings_test";
  fs::create_directories(folder);
  const std::string file = folder / "a%20b.db", uri = "sqlite:///" + file;
  std::ofstream(file) << "x";
  EXPECT_EQ(read(uri).backend_store_uri, uri);
  EXPECT_THAT(warnings_, HasSubstr("WARNING: --backend-store-uri: " + file));
  EXPECT_EQ(std::count(warnings_.begin(), warnings_.end(), '\n'), 1);
  read("sqlite:///a.db", uri);
  EXPECT_THAT(warnings_, HasSubstr("WARNING: --registry-store-uri: "));
  fs::remove_all(folder);
}

TEST_F(StoreSettings, PoolHasMlflowsNames) {
  const PoolOptions usual;
  EXPECT_EQ(read().pool.size, usual.size);
  set_pool("POOL_SIZE", "3");
  set_pool("MAX_OVERFLOW", "0");
  set_pool("POOL_RECYCLE", "3600");
  const PoolOptions given = read().pool;
  EXPECT_EQ(given.size, 3U);
  EXPECT_EQ(given.overflow, 0U);
  EXPECT_EQ(given.recycle, std::chrono::hours(1));

  set_pool("POOL_SIZE", "0");
  set_pool("MAX_OVERFLOW", "-1");
  set_pool("POOL_RECYCLE", "-1");
  EXPECT_EQ(read().pool.size, usual.size);
  EXPECT_GE(read().pool.overflow, 10'000U);
  EXPECT_EQ(read().pool.recycle.count(), 0);

  for (const std::string name : {"POOL_SIZE", "MAX_OVERFLOW", "POOL_RECYCLE"}) {
    for (const char* bad : {"x", "1.5", "-2", "99999999999"}) {
      set_pool(name, bad);
      EXPECT_THAT(refusal(), HasSubstr("'MLFLOW_SQLALCHEMYSTORE_" + name + "'")) << bad;
    }
    set_pool(name, "");
  }
}

TEST_F(StoreSettings, ClassesOfPools) {
  set_pool("POOL_SIZE", "3");
  set_pool("MAX_OVERFLOW", "4");
  set_pool("POOLCLASS", "NullPool");
  EXPECT_EQ(read().pool.size, 0U);
  EXPECT_EQ(read().pool.overflow, 7U);
  EXPECT_THAT(warnings_, IsEmpty());
  set_pool("POOLCLASS", "QueuePool");
  EXPECT_EQ(read().pool.size, 3U);
  EXPECT_THAT(warnings_, IsEmpty());
  set_pool("POOLCLASS", "StaticPool");
  EXPECT_EQ(read().pool.size, 3U);
  EXPECT_THAT(warnings_, HasSubstr("POOLCLASS=StaticPool has no effect"));
  set_pool("POOLCLASS", "OtherPool");
  EXPECT_THAT(refusal(), HasSubstr("'OtherPool' is not"));
  set_pool("POOLCLASS", "");

  set_pool("ECHO", "true");
  read();
  EXPECT_THAT(warnings_, HasSubstr("ECHO has no effect"));
  set_pool("ECHO", "false");
  read();
  EXPECT_THAT(warnings_, IsEmpty());
  set_pool("ECHO", "maybe");
  EXPECT_THAT(refusal(), HasSubstr("ECHO'"));
}

TEST_F(StoreSettings, CertificatesOfTheEnvironmentGoIntoMysqlUris) {
  set("MLFLOW_MYSQL_SSL_CA", "/ca file.pem");
  set("MLFLOW_MYSQL_SSL_CERT", "/c");
  set("MLFLOW_MYSQL_SSL_KEY", "/k");
  const Config config = read("mysql+pymysql://u:secret@h/d?ssl_ca=old", "postgresql://h/d");
  EXPECT_EQ(config.backend_store_uri,
            "mysql+pymysql://u:secret@h/d?ssl_ca=/ca%20file.pem&ssl_cert=/c&ssl_key=/k&"
            "ssl_check_hostname=false");
  EXPECT_EQ(config.registry_store_uri, "postgresql://h/d");
  EXPECT_EQ(read("mysql://u@h/d?ssl_mode=VERIFY_IDENTITY").backend_store_uri,
            "mysql://u@h/d?ssl_mode=VERIFY_IDENTITY&ssl_ca=/ca%20file.pem&ssl_cert=/c&ssl_key=/k");
}

TEST(HasFileStoreData, NeedsAnExperimentFolderWithItsMetaFile) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / "has_file_store_data";
  fs::remove_all(folder);
  EXPECT_FALSE(has_file_store_data(folder.string()));
  fs::create_directories(folder / "0");
  fs::create_directories(folder / "models");
  std::ofstream(folder / "models" / "meta.yaml") << "x";
  EXPECT_FALSE(has_file_store_data(folder.string()));
  std::ofstream(folder / "0" / "meta.yaml") << "x";
  EXPECT_TRUE(has_file_store_data(folder.string()));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace millrace::store_settings_test
