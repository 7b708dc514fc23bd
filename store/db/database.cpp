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

void Db::run_write(const WorkBody& body, const WorkOrder& order) {
  refuse_nesting();
  const auto run_attempt = [&, attempt = 0](Session& session) mutable {
    const InBody mark;
    Work work(session, dialect(), order, attempt++);
    body(work);
  };
  backend_->write(run_attempt, order.load);
}

bool Db::is_lost() const { return backend_->is_lost(); }

}  // namespace millrace
