#include "api/backup/manifest.h"

#include <gmock/gmock.h>

#include "store/common/error.h"

namespace millrace::manifest_test {
namespace {

Manifest example() {
  Manifest manifest;
  manifest.created_ms = 1'700'000'000'123;
  manifest.millrace_version = "1.2";
  manifest.databases = {{"mlflow.db", "abc", 4096}, {"registry.db", "def", 8192}};
  manifest.folders = {{"artifacts", 3, 70}, {"artifact-root", 0, 0}};
  return manifest;
}

TEST(Manifest, ComesBackAsItWas) {
  const Manifest manifest = parse_manifest(manifest_text(example()));
  EXPECT_EQ(manifest_text(manifest), manifest_text(example()));
  EXPECT_EQ(manifest.bytes(), 4096U + 8192U + 70U);
  EXPECT_THAT(manifest_text(example()),
              testing::HasSubstr("\"created\": \"2023-11-14T22:13:20Z\""));
}

TEST(Manifest, WhatIsNoneIsRefused) {
  const std::string good = manifest_text(example());
  const auto with = [&good](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string("{\"format\": 1}"),
        good.substr(0, good.size() / 2), with("\"format\": 1", "\"format\": 2"),
        with("\"format\": 1", "\"format\": \"1\""), with("4096", "-1"), with("4096", "1e3"),
        with("4096", "99999999999999999999"), with("\"mlflow.db\"", "\"../mlflow.db\""),
        with("\"registry.db\"", "\"mlflow.db\""), with("\"artifacts\"", "\"/etc\""),
        with("\"artifacts\"", "[]"), with("\"folders\": [", "\"folders\": [1, ")}) {
    try {
      parse_manifest(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidState) << text;
    }
  }
}

TEST(Manifest, MembersStayBelowTheirFolders) {
  for (const char* path : {"mlflow.db", "registry.db", "artifacts", "artifacts/0/a b/c",
                           "artifact-root/...", "artifacts/..a/b"}) {
    EXPECT_TRUE(is_backup_member(path)) << path;
  }
  for (const char* path :
       {"", "/", ".", "..", "/etc/passwd", "etc", "artifacts/", "artifacts//a", "artifacts/./a",
        "artifacts/../a", "artifacts/a/..", "./artifacts/a", "/artifacts/a", "mlflow.db/a",
        "../artifacts", "artifactsx/a", "SHA256SUMS", "millrace-backup.json"}) {
    EXPECT_FALSE(is_backup_member(path)) << path;
  }
  EXPECT_FALSE(is_backup_member(std::string_view("artifacts/a\0b", 13)));
  std::string deep = "artifacts";
  for (int i = 0; i < 3000; ++i) deep += "/a";
  EXPECT_FALSE(is_backup_member(deep));
}

}  // namespace
}  // namespace millrace::manifest_test
