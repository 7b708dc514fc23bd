#include "store/db/sqlite/uri.h"

#include <filesystem>

#include "store/suites/database_files.h"

namespace millrace {
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
  for (const std::string uri :
       {"mysql://host/db", "mlflow.db", "sqlite:mlflow.db", "sqlite://", "sqlite:///",
        "sqlite:///:memory:", "sqlite://host/file.db", "sqlite:///a\"b.db"}) {
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
       {"plain.db", "a b.db", "a  b c.db", "a=b.db", "a b=c d.db", "%20.db", "Zürich.db", "a'b.db",
        "new/folder/x y.db", "timeout=3 readonly=1", "trailing "}) {
    Db(options(name)).write([](Session& s) { s.execute("CREATE TABLE t (x)"); });
    EXPECT_TRUE(std::filesystem::exists(path(name))) << name;
    EXPECT_EQ(ForeignConnection(path(name)).run("SELECT name FROM sqlite_master"), "t") << name;
  }
}

TEST_F(SqliteUri, AFileThatIsNoDatabaseIsRefused) {
  std::filesystem::create_directory(path("folder.db"));
  EXPECT_THROW(Db(options("folder.db")), Error);
}

}  // namespace
}  // namespace millrace
