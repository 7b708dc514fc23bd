// A SQLite file behind Db: one writer lane, a bounded pool of readers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/db/backend.h"
#include "store/db/sqlite/checkpointer.h"
#include "store/db/sqlite/file.h"
#include "store/db/sqlite/journal.h"
#include "store/db/sqlite/lane.h"
#include "store/db/waiting_line.h"

namespace millrace {

class SqliteBackend final : public Db::Backend {
 public:
  // `path` as sqlite_path gives it.
  explicit SqliteBackend(const std::string& path);
  ~SqliteBackend() override;

  Dialect dialect() const override { return Dialect::Sqlite; }
  void read(const Db::ErasedBody& body, const WorkOrder& order) override;
  void write(const Db::ErasedBody& body, const WorkOrder& order) override {
    lane_.write(body, order);
  }
  void try_write(const Db::ErasedBody& body, std::chrono::milliseconds patience) override;
  bool is_lost() override { return file_.is_lost(); }

 private:
  using Reader = std::unique_ptr<SqliteSession>;

  using Clock = std::chrono::steady_clock;

  Reader take_reader();
  void give_back(Reader reader);
  void bound_log();
  bool restart_log();

  const std::string path_;
  SqliteSession writer_;
  SqliteJournal journal_;
  SqliteFile file_;
  SqliteCheckpointer checkpointer_;  // ends before the journal, which needs to be alone
  SqliteLane lane_;
  WaitingLine line_;  // of those who read

  std::mutex mutex_;  // guards what follows
  std::condition_variable released_;
  std::vector<Reader> idle_;  // the last used at the back, where the next caller takes it
  std::size_t open_ = 0;
  bool holds_readers_ = false;
  Clock::time_point held_until_;

  Clock::time_point next_restart_;  // the lane's
};

}  // namespace millrace
