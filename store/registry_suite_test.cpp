#include "store/registry_suite.h"

#include "store/db_fixture.h"
#include "store/registry_indexes.h"
#include "store/schema/schema.h"

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
    create_registry_indexes(*db_);
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

template <class Item, class Text>
std::string joined(const std::vector<Item>& items, const Text& text) {
  std::string result;
  for (const Item& item : items) result += (result.empty() ? "" : " ") + text(item);
  return result;
}

}  // namespace

std::vector<DatabaseKind> database_kinds() {
  return {{"Sqlite", [] { return std::make_unique<SqliteDatabase>(); }}};
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
