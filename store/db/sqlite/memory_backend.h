// A SQLite database in memory behind Db: for trials, and gone at the end.
#pragma once

#include "store/db/backend.h"
#include "store/db/sqlite/session.h"
#include "store/db/waiting_line.h"

namespace millrace {

// One session, which all work takes in turn. Several sessions over one memory would have no log
// between readers and writers, so that these keep each other out, by locks without a queue: those
// who ask again and again get none beside writers that never pause.
class SqliteMemoryBackend final : public Db::Backend {
 public:
  SqliteMemoryBackend();

  Dialect dialect() const override { return Dialect::Sqlite; }
  void read(const Db::ErasedBody& body, const WorkOrder& order) override;
  void write(const Db::ErasedBody& body, const WorkOrder& order) override;
  void try_write(const Db::ErasedBody& body, std::chrono::milliseconds patience) override;

 private:
  void run(const Db::ErasedBody& body, const WorkOrder& order);

  SqliteSession session_;
  WaitingLine line_{watch_, 1, 1, 0};
};

}  // namespace millrace
