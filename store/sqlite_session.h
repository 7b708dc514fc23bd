// One connection to a SQLite file.
#pragma once

#include <soci/sqlite3/soci-sqlite3.h>

#include <chrono>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/db_statement.h"

namespace millrace {

// Not thread-safe; used by one thread at a time.
class SqliteSession final : public Session {
 public:
  enum class Role { Reader, Writer };

  // How long a session waits for locks that others hold: MLflow's busy_timeout.
  static constexpr std::chrono::milliseconds kPatience{20'000};

  // Opens `path`, an absolute one without double quotes. A Reader cannot write. Throws Error.
  SqliteSession(const std::string& path, Role role);

  // The limit of the waits that begin from now on.
  void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }

  // Whether a transaction is open: SQLite ends it by itself after some errors.
  bool in_transaction();

 protected:
  long long run(std::string_view sql, const Values& values, std::span<const ColumnType> types,
                const RowSink& sink) override;

 private:
  struct Prepared {
    Prepared(soci::session& session, std::string_view text) : sql(text), statement(session, sql) {}
    std::string sql;
    Statement statement;
  };

  static int wait_for_lock(void* self, int attempt);

  Prepared& prepared(std::string_view sql);
  static void check_counts(Statement& statement, std::size_t values, std::size_t columns);
  void drop_front();
  sqlite_api::sqlite3* handle();

  soci::session soci_;
  // Prepared statements, the last used first, and an index over them by their own text.
  std::list<Prepared> recent_;
  std::unordered_map<std::string_view, std::list<Prepared>::iterator> index_;
  bool running_ = false;
  std::chrono::milliseconds patience_ = kPatience;
  std::chrono::steady_clock::time_point waiting_since_;
};

}  // namespace millrace
