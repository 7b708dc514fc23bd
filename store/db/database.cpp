#include "store/db/database.h"

#include "store/db/backend.h"
#include "store/db/database_uri.h"
#include "store/db/server/backend.h"
#include "store/db/sqlite/backend.h"
#include "store/db/sqlite/memory_backend.h"
#include "store/db/sqlite/uri.h"

namespace millrace {
namespace {

// How long a server that is opened may take for its first answer.
constexpr std::chrono::seconds kFirstAnswer{10};

// What this thread runs a body of.
class Running;
thread_local const Running* innermost = nullptr;

class Running {
 public:
  // `joined`: what others of the same database join, if they may.
  explicit Running(const Db& db, Work* joined = nullptr)
      : db_(db), joined_(joined), outer_(innermost) {
    innermost = this;
  }
  ~Running() { innermost = outer_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // What a body for that database joins; null where it is to have a transaction of its own.
  static Work* joined_by(const Db& db) {
    if (innermost == nullptr) return nullptr;
    if (innermost->joined_ == nullptr)
      throw Error(ErrorCode::InternalError, "A database operation began inside another.");
    return &innermost->db_ == &db ? innermost->joined_ : nullptr;
  }

 private:
  const Db& db_;
  Work* const joined_;
  const Running* const outer_;
};

std::unique_ptr<Db::Backend> open_backend(const DbOptions& options) {
  const DatabaseUri uri = parse_database_uri(options.uri);
  if (uri.dialect == Dialect::Sqlite) {
    if (is_sqlite_memory(options.uri)) return std::make_unique<SqliteMemoryBackend>();
    return std::make_unique<SqliteBackend>(sqlite_path(options.uri));
  }
  return std::make_unique<ServerBackend>(uri, options.pool);
}

}  // namespace

// A server that accepts connections may yet have nothing to say.
Db::Db(const DbOptions& options) : uri_(options.uri), backend_(open_backend(options)) {
  if (dialect() == Dialect::Sqlite) return;
  const bool mysql = dialect() == Dialect::Mysql;
  const WorkOrder order{.deadline = std::chrono::steady_clock::now() + kFirstAnswer};
  const auto encoding = read(order, [mysql](Work& work) {
    return work.first<std::string>(mysql ? "SELECT @@character_set_database"
                                         : "SELECT current_setting('server_encoding')");
  });
  if (mysql) return;  // which says itself what it cannot compare
  // SQL_ASCII takes any bytes.
  if (encoding != std::tuple("UTF8") && encoding != std::tuple("SQL_ASCII"))
    charset_ = Charset::LacksCharacters;
}

Db::~Db() = default;

Dialect Db::dialect() const { return backend_->dialect(); }

// Clients repeat what is temporary, several times: a search that had most of its time for its own
// work would end the same way each time, so its client is told to ask for less.
void Db::run_read(const WorkBody& body, const WorkOrder& order) {
  using Clock = std::chrono::steady_clock;
  if (Work* joined = Running::joined_by(*this)) return body(*joined);
  const Clock::time_point asked = Clock::now();
  std::optional<Clock::time_point> began;
  const auto run_attempt = [&, attempt = 0](Session& session) mutable {
    const Running mark(*this);
    if (!began) began = Clock::now();
    Work work(session, dialect(), order, attempt++, charset_);
    body(work);
  };
  try {
    backend_->read(run_attempt, order);
  } catch (const Cancelled& cancelled) {
    // A server says so itself; what is late there without that may have met one that stands still.
    const bool is_own_work = cancelled.ending() == Ending::Overlong ||
                             (cancelled.ending() == Ending::Late && dialect() == Dialect::Sqlite &&
                              began && Clock::now() - *began > *began - asked);
    if (order.load != Load::Large || !is_own_work) throw;
    throw Error(
        ErrorCode::BadRequest,
        "The request was ended because it took too long in the database: ask for less, by a "
        "narrower filter or a smaller page.");
  }
}

// An error that a body itself made of what it found (INTERNAL_ERROR) counts as one of the database:
// the next attempt shows that it was none.
template <class Write>
void Db::note_outcome(const Write& write) {
  constexpr int kLeastServerError = 500;
  try {
    write();
  } catch (const Cancelled&) {  // it tells of clients, of a stop, of others' locks: not of a disk
    throw;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Overloaded) throw;
    const bool is_read_only = dynamic_cast<const DatabaseReadOnly*>(&error) != nullptr;
    if (is_read_only || error_row(error.code()).http_status >= kLeastServerError) {
      failed_to_write_ = true;
    }
    throw;
  }
  if (has_failed_to_write()) failed_to_write_ = false;
}

void Db::run_write(const WorkBody& body, const WorkOrder& order, Joining joining) {
  if (Work* joined = Running::joined_by(*this)) return body(*joined);
  require_writes();
  const auto run_attempt = [&, attempt = 0](Session& session) mutable {
    Work work(session, dialect(), order, attempt++, charset_);
    const Running mark(*this, joining == Joining::Allowed ? &work : nullptr);
    body(work);
  };
  note_outcome([&] { backend_->write(run_attempt, order); });
}

void Db::run_try_write(const WorkBody& body, std::chrono::milliseconds patience) {
  Running::joined_by(*this);
  require_writes();
  const WorkOrder order;
  const auto run_attempt = [&](Session& session) {
    const Running mark(*this);
    Work work(session, dialect(), order, 0, charset_);
    body(work);
  };
  note_outcome([&] { backend_->try_write(run_attempt, patience); });
}

void Db::require_writes() const {
  if (refuses_writes()) throw Error(ErrorCode::PermissionDenied, refusal_);
}

void Db::serve_requests(std::chrono::milliseconds statement_timeout) {
  if (!refuses_writes()) backend_->serve_requests(statement_timeout);
}

void Db::end_all() { backend_->end_all(); }

bool Db::is_lost() const { return backend_->is_lost(); }

}  // namespace millrace
