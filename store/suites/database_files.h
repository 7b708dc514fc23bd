// For tests: a folder of their own for database files, removed at the end, and a plain connection
// that plays the part of another program with the file open.
#pragma once

#include <gtest/gtest.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "store/db/database.h"

namespace millrace {

class DbTest : public testing::Test {
 protected:
  DbTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "db_test_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
  }
  ~DbTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name = "test.db") const { return folder_ + "/" + name; }
  DbOptions options(const std::string& name = "test.db") const {
    return {"sqlite:///" + path(name)};
  }

 private:
  std::string folder_;
};

// Without any of Db's settings; throws std::runtime_error with SQLite's words.
class ForeignConnection {
 public:
  explicit ForeignConnection(const std::string& path) {
    check(sqlite_api::sqlite3_open(path.c_str(), &connection_));
  }
  ~ForeignConnection() { sqlite_api::sqlite3_close(connection_); }
  ForeignConnection(const ForeignConnection&) = delete;
  ForeignConnection& operator=(const ForeignConnection&) = delete;

  void set_busy_timeout(int ms) { sqlite_api::sqlite3_busy_timeout(connection_, ms); }

  // Runs statements and returns the last column that they gave as text, or "".
  std::string run(const std::string& sql) {
    std::string result;
    const auto keep = [](void* out, int columns, char** texts, char**) {
      const char* last = texts[columns - 1];
      *static_cast<std::string*>(out) = last == nullptr ? "NULL" : last;
      return 0;
    };
    check(sqlite_api::sqlite3_exec(connection_, sql.c_str(), keep, &result, nullptr));
    return result;
  }

 private:
  void check(int code) {
    if (code != SQLITE_OK) throw std::runtime_error(sqlite_api::sqlite3_errmsg(connection_));
  }

  sqlite_api::sqlite3* connection_ = nullptr;
};

}  // namespace millrace
