#include "api/rules/host_policy.h"

#include <gtest/gtest.h>

#include "store/common/error.h"

namespace millrace::host_policy_test {
namespace {

bool is_allowed(const std::string& uri, const HostPolicy& policy) {
  try {
    validate_uri_host(uri, "source", policy);
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
    return false;
  }
}

TEST(HostPolicy, RefusesSchemesThatNameAHost) {
  for (const char* scheme : {"ftp", "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts",
                             "r2", "b2", "abfss"}) {
    EXPECT_FALSE(is_allowed(std::string(scheme) + "://h/a", {})) << scheme;
    EXPECT_TRUE(is_allowed(std::string(scheme) + "://h/a", {{scheme}, {}})) << scheme;
  }
  for (const char* uri : {"s3://b/a", "gs://b/a", "wasbs://c@h/a", "/a", "file:/a", "x:/a",
                          "mlflow-artifacts:/a", "mlflow-artifacts:///a", "sqlite:///a"}) {
    EXPECT_TRUE(is_allowed(uri, {})) << uri;
  }
  EXPECT_FALSE(is_allowed(" HTTP://h/a", {}));
  EXPECT_FALSE(is_allowed("http:/a", {}));
}

TEST(HostPolicy, TrustsTheHostsOfTheServersOwnRoots) {
  const HostPolicy web{{}, {"mlflow-artifacts:/", "http://H/root"}};
  EXPECT_TRUE(is_allowed("http://h/a", web));
  EXPECT_TRUE(is_allowed("http://u:p@h:80/a", web));
  EXPECT_TRUE(is_allowed("mlflow-artifacts://h/a", web));
  EXPECT_FALSE(is_allowed("https://h/a", web));
  EXPECT_FALSE(is_allowed("http://h:81/a", web));
  EXPECT_FALSE(is_allowed("http://h.evil/a", web));
  EXPECT_FALSE(is_allowed("http://h@evil/a", web));
  EXPECT_FALSE(is_allowed("http://evil\\@h/a", web));
  EXPECT_FALSE(is_allowed("http://h:99999/a", web));
  EXPECT_FALSE(is_allowed("http://h:x/a", web));

  const HostPolicy hadoop{{}, {"hdfs://n/x"}};
  EXPECT_TRUE(is_allowed("viewfs://n/a", hadoop));
  EXPECT_FALSE(is_allowed("hdfs://n:8020/a", hadoop));
}

TEST(HostPolicy, HasMlflowsTexts) {
  const auto refusal = [](const char* uri) -> std::string {
    try {
      validate_uri_host(uri, "source", {});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal("FTP://h/a"),
            "'source' cannot use the 'ftp' scheme: the 'ftp' scheme addresses a host other than "
            "the tracking server's configured artifact storage, so the server would connect to the "
            "host named in the URI. Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES "
            "environment variable on the server to allow it.");
  EXPECT_EQ(refusal("mysqlx+y:/a"),
            "Invalid database engine: 'mysqlx'. Supported database engines are postgresql, mysql, "
            "sqlite, mssql");
  EXPECT_EQ(refusal("mysql+a+b:/a"),
            "Invalid database URI: 'mysql+a+b:/a'. Please refer to "
            "https://mlflow.org/docs/latest/tracking.html#storage for format specifications.");
}

}  // namespace
}  // namespace millrace::host_policy_test
