#include <algorithm>
#include <cstdlib>

#include "store/schema/additive_indexes.h"
#include "store/schema/own_tables.h"
#include "store/schema/prepare.h"
#include "store/suites/database_files.h"
#include "store/suites/registry.h"

namespace millrace {
namespace {

class SqliteDatabase : public TestDatabase {
 public:
  SqliteDatabase() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "registry_test_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    db_ = std::make_unique<Db>(DbOptions{"sqlite:///" + folder_ + "/test.db"});
    prepare_schema(*db_, DefaultExperiment{"mlflow-artifacts:/0"});
    create_own_tables(*db_);
    create_additive_indexes(*db_);
  }
  ~SqliteDatabase() override {
    db_.reset();
    std::filesystem::remove_all(folder_);
  }
  Db& db() override { return *db_; }

 private:
  std::string folder_;
  std::unique_ptr<Db> db_;
};

// The server that MILLRACE_TEST_DATABASE names, whose database is this process's own: the schema is
// made once and emptied for each test.
class ServerDatabase : public TestDatabase {
 public:
  explicit ServerDatabase(const std::string& uri) {
    static const std::unique_ptr<Db> shared = open(uri);
    db_ = shared.get();
    if (!is_fresh_) empty();
    is_fresh_ = false;
  }
  Db& db() override { return *db_; }

 private:
  static std::unique_ptr<Db> open(const std::string& uri) {
    auto db = std::make_unique<Db>(DbOptions{uri});
    prepare_schema(*db, DefaultExperiment{"mlflow-artifacts:/0"});
    create_own_tables(*db);
    create_additive_indexes(*db);
    is_fresh_ = true;
    return db;
  }

  void empty() {
    const bool mysql = db_->dialect() == Dialect::Mysql;
    db_->write([&](Session& session) {
      std::vector<std::string> tables;
      session.each<std::string>(
          std::string("SELECT table_name FROM information_schema.tables WHERE table_schema = ") +
              (mysql ? "DATABASE()" : "current_schema()") +
              " AND table_name NOT IN ('alembic_version', 'workspaces', 'millrace_schema')",
          {}, [&](std::string table) { tables.push_back(std::move(table)); });
      session.execute(mysql ? "SET FOREIGN_KEY_CHECKS = 0"
                            : "SET LOCAL session_replication_role = replica");
      for (const std::string& table : tables) session.execute("DELETE FROM " + table);
      if (mysql) session.execute("SET FOREIGN_KEY_CHECKS = 1");
    });
    db_->write([&](Session& session) {
      session.execute(mysql ? "ALTER TABLE experiments AUTO_INCREMENT = 1"
                            : "ALTER SEQUENCE experiments_experiment_id_seq RESTART");
    });
    prepare_schema(*db_, DefaultExperiment{"mlflow-artifacts:/0"});
  }

  inline static bool is_fresh_ = false;
  Db* db_;
};

template <class Item, class Text>
std::string joined(const std::vector<Item>& items, const Text& text) {
  std::string result;
  for (const Item& item : items) result += (result.empty() ? "" : " ") + text(item);
  return result;
}

}  // namespace

std::vector<DatabaseKind> database_kinds() {
  std::vector<DatabaseKind> kinds{{"Sqlite", [] { return std::make_unique<SqliteDatabase>(); }}};
  if (const char* uri = std::getenv("MILLRACE_TEST_DATABASE")) {
    kinds.push_back({"Server", [uri] { return std::make_unique<ServerDatabase>(uri); }});
  }
  return kinds;
}

std::string as_listed(const Db& db, std::vector<Tag> tags) {
  if (db.dialect() != Dialect::Sqlite) {
    std::sort(tags.begin(), tags.end(), [](const Tag& a, const Tag& b) { return a.key < b.key; });
  }
  return text_of(tags);
}

std::string text_of(const std::vector<Tag>& tags) {
  return joined(tags, [](const Tag& tag) { return tag.key + "=" + tag.value; });
}

std::string text_of(const std::vector<RegisteredModelAlias>& aliases) {
  return joined(aliases, [](const RegisteredModelAlias& alias) {
    return alias.alias + "->" + std::to_string(alias.version);
  });
}

std::string text_of(const std::vector<std::string>& words) {
  return joined(words, [](const std::string& word) { return word; });
}

std::string text_of(const std::vector<ModelVersion>& versions) {
  return joined(versions, [](const ModelVersion& version) {
    return std::to_string(version.version) + ":" + version.current_stage;
  });
}

}  // namespace millrace
