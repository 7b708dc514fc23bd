#include "store/db/database.h"

#include "store/db/backend.h"
#include "store/db/database_uri.h"
#include "store/db/server/backend.h"
#include "store/db/sqlite/backend.h"
#include "store/db/sqlite/uri.h"

namespace millrace {
namespace {

// Set while this thread runs a body.
thread_local bool in_body = false;

struct InBody {
  InBody() { in_body = true; }
  ~InBody() { in_body = false; }
  InBody(const InBody&) = delete;
  InBody& operator=(const InBody&) = delete;
};

void refuse_nesting() {
  if (in_body) throw Error(ErrorCode::InternalError, "A database operation began inside another.");
}

std::unique_ptr<Db::Backend> open_backend(const DbOptions& options) {
  const DatabaseUri uri = parse_database_uri(options.uri);
  if (uri.dialect == Dialect::Sqlite) {
    return std::make_unique<SqliteBackend>(sqlite_path(options.uri));
  }
  return std::make_unique<ServerBackend>(uri, options.pool);
}

}  // namespace

void db_columns::throw_unexpected_null() {
  throw Error(ErrorCode::InternalError, "The database holds NULL where a value is required.");
}

Db::Db(const DbOptions& options) : uri_(options.uri), backend_(open_backend(options)) {}

Db::~Db() = default;

Dialect Db::dialect() const { return backend_->dialect(); }

void Db::run_read(const WorkBody& body, const WorkOrder& order) {
  refuse_nesting();
  backend_->read([&, attempt = 0](Session& session) mutable {
    const InBody mark;
    Work work(session, dialect(), order, attempt++);
    body(work);
  });
}

// An error that a body itself made of what it found (INTERNAL_ERROR) counts as one of the database:
// the next attempt shows that it was none.
template <class Write>
void Db::note_outcome(const Write& write) {
  constexpr int kLeastServerError = 500;
  try {
    write();
  } catch (const Error& error) {
    if (error_row(error.code()).http_status >= kLeastServerError) failed_to_write_ = true;
    throw;
  }
  if (has_failed_to_write()) failed_to_write_ = false;
}

void Db::run_write(const WorkBody& body, const WorkOrder& order) {
  refuse_nesting();
  require_writes();
  const auto run_attempt = [&, attempt = 0](Session& session) mutable {
    const InBody mark;
    Work work(session, dialect(), order, attempt++);
    body(work);
  };
  note_outcome([&] { backend_->write(run_attempt, order.load); });
}

void Db::run_try_write(const WorkBody& body, std::chrono::milliseconds patience) {
  refuse_nesting();
  require_writes();
  const WorkOrder order;
  const auto run_attempt = [&](Session& session) {
    const InBody mark;
    Work work(session, dialect(), order, 0);
    body(work);
  };
  note_outcome([&] { backend_->try_write(run_attempt, patience); });
}

void Db::require_writes() const {
  if (refuses_writes()) throw Error(ErrorCode::PermissionDenied, refusal_);
}

bool Db::is_lost() const { return backend_->is_lost(); }

}  // namespace millrace
