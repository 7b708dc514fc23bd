// A SQLite file behind Db: one writer lane, a bounded pool of readers.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/db/backend.h"
#include "store/db/sqlite/journal.h"
#include "store/db/sqlite/lane.h"

namespace millrace {

class SqliteBackend final : public Db::Backend {
 public:
  // `path` as sqlite_path gives it.
  explicit SqliteBackend(const std::string& path);
  ~SqliteBackend() override;

  Dialect dialect() const override { return Dialect::Sqlite; }
  void read(const Db::ErasedBody& body) override;
  void write(const Db::ErasedBody& body) override { lane_.write(body); }

 private:
  using Reader = std::unique_ptr<SqliteSession>;

  Reader take_reader();
  void give_back(Reader reader);

  const std::string path_;
  SqliteLane lane_;
  SqliteJournal journal_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable reader_free_;
  std::vector<Reader> idle_;  // the last used at the back, where the next caller takes it
  std::size_t open_ = 0;
};

}  // namespace millrace
