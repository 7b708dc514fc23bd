#include "store/text/uri.h"

#include <gtest/gtest.h>

#include "store/common/error.h"

namespace millrace::text_uri_test {
namespace {

TEST(SplitUri, FindsTheParts) {
  const UriParts parts = split_uri("S3://User@Host:80/a/b;p?q=1?2#f#g");
  EXPECT_EQ(parts.scheme, "s3");
  EXPECT_EQ(parts.netloc, "User@Host:80");
  EXPECT_EQ(parts.host(), "Host");
  EXPECT_EQ(parts.port(), "80");
  EXPECT_EQ(parts.path, "/a/b;p");
  EXPECT_EQ(parts.query, "q=1?2");
  EXPECT_EQ(parts.fragment, "f#g");
}

TEST(SplitUri, KeepsFragmentsOnRequest) {
  EXPECT_EQ(split_uri("models:/a#b/1?x", Fragment::PartOfPath).path, "/a#b/1");
  EXPECT_EQ(split_uri("models:/a#b/1?x").path, "/a");
}

TEST(SplitUri, TakesOnlyWhatPythonTakesForAScheme) {
  EXPECT_EQ(split_uri("mysql+x.y-1:/a").scheme, "mysql+x.y-1");
  EXPECT_EQ(split_uri("1a:/b").scheme, "");
  EXPECT_EQ(split_uri("a_b:/c").path, "a_b:/c");
  EXPECT_EQ(split_uri(":/a").path, ":/a");
  EXPECT_EQ(split_uri("s\u00E9:/a").scheme, "");
}

TEST(SplitUri, DropsControlCharacters) {
  EXPECT_EQ(split_uri(" \x01\nfi\tle:/a\r/b ").scheme, "file");
  EXPECT_EQ(split_uri(" \x01\nfi\tle:/a\r/b ").path, "/a/b ");
  EXPECT_EQ(split_uri(std::string_view("\0s3:/a", 6)).scheme, "s3");
}

TEST(SplitUri, RefusesWhatPythonRefuses) {
  for (const char* uri :
       {"http://[::1", "http://::1]/", "http://[1.2.3.4]/", "http://x[::1]/", "http://[::1]x/",
        "http://[v1]/", "http://[::1%]/", "http://[a]@b/", "s3://a\u2100b/c", "s3://a\uFF0Fb/c"}) {
    EXPECT_THROW(split_uri(uri), Error) << uri;
  }
  for (const char* uri : {"http://[::1]/", "http://[::1%25eth0]:80/", "http://u@[v1.a:b]/",
                          "s3:/a\u2100b", "s3://b\u00FCcher/c"}) {
    EXPECT_NO_THROW(split_uri(uri)) << uri;
  }
}

TEST(SplitUri, CutsParamsForTheSchemesThatHaveThem) {
  EXPECT_EQ(split_uri("http://h/a;x/b;y;z").path_without_params(), "/a;x/b");
  EXPECT_EQ(split_uri("http:a;b").path_without_params(), "a");
  EXPECT_EQ(split_uri("/a;x/b").path_without_params(), "/a;x/b");
  EXPECT_EQ(split_uri("s3://h/b;y").path_without_params(), "/b;y");
}

TEST(IsLocalUri, IsAPathOrAFileOnThisMachine) {
  for (const char* uri :
       {"", "/a", "a/b", "file:/a", "file:a", "FILE:///a", "file://localhost/a",
        "file://LOCALHOST9/a", "file://127.0.0.1:5/a", "file://./a", " file:/a", "//host/a"}) {
    EXPECT_TRUE(is_local_uri(uri)) << uri;
  }
  for (const char* uri : {"s3://b/a", "s3:/a", "databricks", "c:/a", "models:/m/1"}) {
    EXPECT_FALSE(is_local_uri(uri)) << uri;
  }
}

TEST(IsLocalUri, RefusesAFileOnAnotherHost) {
  try {
    is_local_uri("file://other/a");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InternalError);
    EXPECT_STREQ(error.what(),
                 "file://other/a is not a valid remote uri. For remote access on windows, please "
                 "consider using a different scheme such as SMB (e.g. smb://<hostname>/<path>).");
  }
}

TEST(LocalPath, DecodesOnce) {
  EXPECT_EQ(local_path("/a%20b?c#d"), "/a b?c#d");
  EXPECT_EQ(local_path("file:///a%252e?c#d"), "/a%2e");
  EXPECT_EQ(local_path("file://localhost/a"), "/a");
  EXPECT_EQ(local_path("FILE:///a"), "FILE:///a");
}

TEST(UriScheme, IsTheLowerCaseWordBeforeTheColon) {
  EXPECT_EQ(uri_scheme("sqlite:///a.db"), "sqlite");
  EXPECT_EQ(uri_scheme("MySQL+PyMySQL://u@h/d"), "mysql+pymysql");
  EXPECT_EQ(uri_scheme("./a:b"), "");
  EXPECT_EQ(uri_scheme("/abs"), "");
  EXPECT_EQ(uri_scheme("1a:b"), "");
  EXPECT_EQ(uri_scheme(":x"), "");
  EXPECT_EQ(uri_scheme(""), "");
}

}  // namespace
}  // namespace millrace::text_uri_test
