// The database: pooled sessions, one transaction per operation, group commit on SQLite.
// All SQL of Millrace runs inside a body given to `read` or `write`; nothing outside store/ sees SOCI.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "store/common/value.h"
#include "store/dialect.h"

namespace millrace {

class Statement;

// What a body sees of its transaction. Statements are prepared once per session and reused; each one is fetched to
// its end before the next call, so nothing keeps a snapshot open. Placeholders are SOCI's `:name`, bound by position.
// Text is bound as UTF-8.
class Session {
 public:
  virtual ~Session() = default;

  // Runs a statement without result rows and returns the number of rows that it changed.
  long long execute(std::string_view sql, const Values& values = {});

  // Calls `row(column...)` for each row. Column types: std::string, std::int64_t, double, or std::optional of one of
  // them; NULL in a column that is not optional throws INTERNAL_ERROR. The arguments are valid during the call only.
  template <class... Columns, class Row>
  void each(std::string_view sql, const Values& values, Row&& row);

  // The first row, or nothing; further rows are fetched and dropped.
  template <class... Columns>
  std::optional<std::tuple<Columns...>> first(std::string_view sql, const Values& values = {});

  // ... implementation hooks are the implementer's choice ...
};

struct DbOptions {
  std::string uri;  // MLflow's form: sqlite:///relative.db, sqlite:////absolute.db
};

class Db {
 public:
  // Opens the database; throws Error when it cannot.
  explicit Db(const DbOptions& options);
  // Finishes the writes under way; on SQLite checkpoints and puts back the journal mode that it found, if nobody else
  // has the file open.
  ~Db();

  Dialect dialect() const;

  // Runs `body(Session&)` in a read transaction (one snapshot) and returns its result.
  template <class Body>
  auto read(Body&& body) -> std::invoke_result_t<Body, Session&>;

  // Runs `body(Session&)` in a write transaction, commits, and returns its result: when this returns, the change is on
  // disk. The body may run more than once and must have no side effects but SQL. A throwing body leaves nothing.
  template <class Body>
  auto write(Body&& body) -> std::invoke_result_t<Body, Session&>;
};

}  // namespace millrace
