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

// Runs the body with the mark against nesting.
class MarkedBody {
 public:
  explicit MarkedBody(const Db::ErasedBody& body) : body_(body) {}

  void operator()(Session& session) const {
    struct Mark {
      Mark() { in_body = true; }
      ~Mark() { in_body = false; }
    } mark;
    body_(session);
  }

 private:
  const Db::ErasedBody& body_;
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

void Db::run_read(const ErasedBody& body) {
  refuse_nesting();
  backend_->read(MarkedBody(body));
}

void Db::run_write(const ErasedBody& body, Load load) {
  refuse_nesting();
  backend_->write(MarkedBody(body), load);
}

bool Db::is_lost() const { return backend_->is_lost(); }

}  // namespace millrace
