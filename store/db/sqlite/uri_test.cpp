#include "store/db/sqlite/uri.h"

#include <filesystem>
#include <fstream>

#include "store/suites/database_files.h"

namespace millrace::sqlite_uri_test {
namespace {

class SqliteUri : public DbTest {};

TEST_F(SqliteUri, NamesAFileRelativeToTheCurrentFolderOrAbsolute) {
  EXPECT_EQ(sqlite_path("sqlite:///mlflow.db"),
            (std::filesystem::current_path() / "mlflow.db").string());
  EXPECT_EQ(sqlite_path("sqlite:///" + path()), path());
  EXPECT_EQ(sqlite_path("sqlite+pysqlite:///" + path()), path());
  EXPECT_EQ(sqlite_path("sqlite:///" + path() + "?timeout=5&check_same_thread=False"), path());
}

TEST_F(SqliteUri, RefusesWhatCannotBeHonoured) {
  for (const std::string uri : {"mysql://host/db", "mlflow.db", "sqlite:mlflow.db", "sqlite://",
                                "sqlite:///", "sqlite:///:memory:", "sqlite://host/file.db",
                                "sqlite:///a\"b.db", "sqlite:///a%22b.db", "sqlite:///a%00b.db"}) {
    EXPECT_THROW(sqlite_path(uri), Error) << uri;
  }
  try {
    sqlite_path("sqlite:///x.db?timeout=1&mode=ro");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
    EXPECT_EQ(std::string(error.what()),
              "The option 'mode' of a SQLite database URI is not supported.");
  }
}

TEST_F(SqliteUri, OddNamesOpenExactlyThatFileAndFoldersAreMade) {
  for (const std::string name :
       {"plain.db", "a b.db", "a  b c.db", "a=b.db", "a b=c d.db", "%.db", "%zz.db", "Zürich.db",
        "a'b.db", "new/folder/x y.db", "timeout=3 readonly=1", "trailing "}) {
    Db(options(name)).write([](Session& s) { s.execute("CREATE TABLE t (x)"); });
    EXPECT_TRUE(std::filesystem::exists(path(name))) << name;
    EXPECT_EQ(ForeignConnection(path(name)).run("SELECT name FROM sqlite_master"), "t") << name;
  }
}

TEST_F(SqliteUri, ADatabaseInMemoryHasNoFile) {
  for (const std::string uri :
       {"sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///?timeout=1",
        "sqlite+pysqlite:///:memory:", "sqlite:///%3Amemory:"}) {
    EXPECT_TRUE(is_sqlite_memory(uri)) << uri;
  }
  for (const std::string uri : {"sqlite:///memory", "sqlite:////:memory:", "mysql:///:memory:"}) {
    EXPECT_FALSE(is_sqlite_memory(uri)) << uri;
  }
  EXPECT_THROW(is_sqlite_memory("sqlite:///:memory:?cache=shared"), Error);
}

class EscapesInSqliteUri : public SqliteUri {
 protected:
  void make(const std::string& name) {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << name;
  }
  std::string notice() const { return sqlite_uri_notice(uri_); }

  const std::string uri_ = options("my%20dir/b.db").uri;
  const std::string decoded_ = path("my dir/b.db"), written_ = path("my%20dir/b.db");
};

TEST_F(EscapesInSqliteUri, AreDecodedOnce) {
  EXPECT_EQ(sqlite_location(uri_), decoded_);
  EXPECT_EQ(sqlite_location(options("%2520%C3%A9%3F+%.db").uri), path("%20\u00e9?+%.db"));
  EXPECT_EQ(notice(), "");
  Db(DbOptions{uri_}).write([](Session& s) { s.execute("CREATE TABLE t (x)"); });
  EXPECT_TRUE(std::filesystem::exists(decoded_));
  EXPECT_FALSE(std::filesystem::exists(path("my%20dir")));
}

TEST_F(EscapesInSqliteUri, NoNewDatabaseIsMadeBesideAnOldOne) {
  make("my%20dir/b.db");
  EXPECT_EQ(sqlite_path(uri_), written_);
  EXPECT_FALSE(std::filesystem::exists(path("my dir")));
  EXPECT_NE(notice().find(written_ + " is opened"), std::string::npos) << notice();
  EXPECT_NE(notice().find(decoded_), std::string::npos) << notice();
}

TEST_F(EscapesInSqliteUri, TheDecodedOneIsTakenWhereBothAreThere) {
  make("my%20dir/b.db");
  make("my dir/b.db");
  EXPECT_EQ(sqlite_path(uri_), decoded_);
  EXPECT_NE(notice().find(decoded_ + " is opened"), std::string::npos) << notice();
  EXPECT_NE(notice().find(written_), std::string::npos) << notice();
}

TEST_F(EscapesInSqliteUri, AFolderWithTheirNameIsNoDatabase) {
  std::filesystem::create_directories(written_);
  EXPECT_EQ(sqlite_location(uri_), decoded_);
  EXPECT_EQ(notice(), "");
}

// What opening it fails with.
std::string failure_of(const std::string& uri) {
  try {
    Db(DbOptions{uri});
  } catch (const Error& error) {
    return error.message();
  }
  return "opened";
}

TEST_F(SqliteUri, WhatCannotBeOpenedIsNamedWithTheReason) {
  const auto expect = [&](const std::string& name, const std::string& reason) {
    EXPECT_EQ(failure_of(options(name).uri),
              "The database " + path(name) + " cannot be opened: " + reason);
  };
  std::filesystem::create_directory(path("folder.db"));
  expect("folder.db", "Is a directory.");
  std::filesystem::create_symlink(path("nowhere/x.db"), path("link.db"));
  expect("link.db", "it is a symbolic link to a place that is not there.");
  expect(std::string(300, 'x'), "File name too long.");
  std::ofstream(path("text.db")) << std::string(4096, 'x');
  expect("text.db", "The database failed: file is not a database.");
  EXPECT_EQ(
      failure_of(options("text.db/x.db").uri),
      "Cannot create the folder of the database " + path("text.db/x.db") + ": Not a directory");
}

}  // namespace
}  // namespace millrace::sqlite_uri_test
