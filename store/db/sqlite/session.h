// One connection to a SQLite file.
#pragma once

#include <soci/sqlite3/soci-sqlite3.h>

#include <atomic>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/db/statement_cache.h"

namespace millrace {

// Not thread-safe; used by one thread at a time.
class SqliteSession final : public Session {
 public:
  enum class Role { Reader, Writer };

  // How long a session waits for locks that others hold: MLflow's busy_timeout.
  static constexpr std::chrono::milliseconds kPatience{20'000};

  // Of the log, after which they are written into the file. Many small writes change the same pages
  // again and again: the longer the log, the fewer of them go there.
  static constexpr int kCheckpointPages = 4000;

  // Of pages, in KiB; those that other sessions use too are in the kernel's cache anyway. A
  // writer's must hold what one commit changes, or pages are written more than once. A reader's
  // holds what a hundred runs lie in, some 400 pages.
  static constexpr int kReaderCache = 2 << 10;
  static constexpr int kWriterCache = 8 << 10;
  static constexpr int kLargeWriterCache = 32 << 10;

  // Opens `path`, an absolute one without double quotes. A Reader cannot write. Throws Error. At
  // the end what is in an open transaction is undone.
  SqliteSession(const std::string& path, Role role, std::chrono::milliseconds patience = kPatience);

  void cancel(Ending ending) override;
  void resume() override { cancelled_.store(kNotCancelled, std::memory_order_relaxed); }

  // The limit of the waits that begin from now on.
  void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }

  // Whether foreign keys are checked and followed, as they are at first, in the transactions that
  // begin from now on.
  void check_foreign_keys(bool checked);

  void set_cache(int kib);

  // Whether a row, or the schema, was changed since forget_changes(). What a failed statement has
  // undone by itself does not count.
  bool has_changed();
  void forget_changes();

  // Whether the file that is open is no longer the one at its path.
  bool has_moved();
  // Closing the last session then leaves the log as it is, instead of writing it into the file.
  void leave_log_at_close();

  // From now on no commit of this session writes the log into the file; others have to.
  void leave_checkpoints();
  // The pages in the log after the last commit of a session that leaves checkpoints to others.
  int log_pages() const { return log_pages_; }
  // To be called when the log was started over.
  void forget_log() { log_pages_ = 0; }

  // Whether a transaction is open: SQLite ends it by itself after some errors.
  bool in_transaction();

 protected:
  long long run(std::string_view sql, const Values& values, std::span<const ColumnType> types,
                const RowSink& sink) override;

 private:
  static constexpr int kNotCancelled = -1;

  static int wait_for_lock(void* self, int attempt);
  static int note_log(void* self, sqlite_api::sqlite3*, const char*, int pages);
  bool is_cancelled() const { return cancelled_.load(std::memory_order_relaxed) != kNotCancelled; }
  void refuse_if_cancelled() const;

  static void check_counts(sqlite_api::sqlite3_stmt* prepared, std::size_t values,
                           std::size_t columns);
  void each_row(sqlite_api::sqlite3_stmt* prepared, std::span<const ColumnType> types,
                const RowSink& sink);
  sqlite_api::sqlite3* handle();

  soci::session soci_;
  StatementCache statements_{soci_};
  std::vector<Cell> cells_;  // of the row under way
  bool has_defined_ = false;
  std::int64_t changes_ = 0;  // of rows, by the counter of SQLite, when they were forgotten
  int log_pages_ = 0;
  bool checks_foreign_keys_ = true;
  int cache_ = 0;
  std::chrono::milliseconds patience_;
  std::chrono::steady_clock::time_point waiting_since_;
  std::atomic<int> cancelled_ = kNotCancelled;  // or why, an Ending
};

}  // namespace millrace
