// The room store/db: connections to databases: addresses, drivers, sessions, pools, lanes,
// transactions, and what differs between dialects. The only room that knows SOCI and the client
// libraries. May use store/common and store/text; knows no table of MLflow's.
//
// The database: pooled sessions, one transaction per operation, group commit on SQLite.
// All SQL of Millrace runs inside a body given to `read` or `write`; nothing outside store/ sees
// SOCI.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "store/common/error.h"
#include "store/common/value.h"
#include "store/db/dialect.h"
#include "store/db/pool_options.h"

namespace millrace {

// A key that the body has just looked at was taken, or has gone, by a transaction in between. On a
// database server a body that lets it through is run again a few times, and then mostly sees why.
class KeyViolation : public Error {
 public:
  using Error::Error;
};

// A row with the same key is there already. The statement that failed has changed nothing. A body
// may catch this and answer RESOURCE_ALREADY_EXISTS; its transaction goes on only after
// execute_guarded.
class UniqueViolation : public KeyViolation {
 public:
  UniqueViolation()
      : KeyViolation(ErrorCode::BadRequest, "A row with the same key exists already.") {}
};

// What a row refers to is not there, or others still refer to what was to go.
class ForeignKeyViolation : public KeyViolation {
 public:
  ForeignKeyViolation()
      : KeyViolation(ErrorCode::BadRequest,
                     "The database refused the request: a row that it refers to does not exist, or "
                     "others still refer to it.") {}
};

// What a body sees of its transaction. Statements are prepared once per session and reused; each
// one is fetched to its end before the call returns, so nothing keeps a snapshot open.
//
// Placeholders are SOCI's `:name`, bound by position: give each one a name of its own. Text is
// bound as UTF-8 and may hold NUL bytes.
//
// All three methods throw: KeyViolation; TEMPORARILY_UNAVAILABLE when the database stays locked;
// BAD_REQUEST when the database refuses a value; INTERNAL_ERROR for all else. The messages hold
// neither SQL nor values.
class Session {
 public:
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Runs a statement without result rows and returns the number of rows that it inserted, updated
  // or deleted (undefined for other statements).
  long long execute(std::string_view sql, const Values& values = {}) {
    return run(sql, values, {}, {});
  }

  // The same for a statement after whose UniqueViolation the body goes on with its transaction.
  long long execute_guarded(std::string_view sql, const Values& values = {}) {
    return run_guarded(sql, values);
  }

  // Calls `row(column...)` for each row as it comes; no list is kept. Column types: std::string,
  // std::string_view, std::int64_t, double, or std::optional of one of them; NULL in a column that
  // is not optional throws INTERNAL_ERROR. A std::string is passed as an rvalue to keep; what a
  // std::string_view shows is there during the call only. `row` may throw, but must not use this
  // session.
  template <class... Columns, class Row>
  void each(std::string_view sql, const Values& values, Row&& row);

  // The first row, or nothing; further rows are fetched and dropped, so write LIMIT 1.
  template <class... Columns>
  std::optional<std::tuple<Columns...>> first(std::string_view sql, const Values& values = {});

  enum class ColumnType { Text, Integer, Real };

  // One column of the current row; the member that the column's type names is set unless null.
  // Whoever fills it in keeps what `text` shows until the sink returns.
  struct Cell {
    std::string_view text;
    long long integer = 0;
    double real = 0;
    bool null = false;
  };
  using RowSink = std::function<void(std::span<const Cell>)>;

 protected:
  Session() = default;

  // What a back end provides: runs `sql`, hands each row to `sink`, returns the rows changed.
  virtual long long run(std::string_view sql, const Values& values,
                        std::span<const ColumnType> types, const RowSink& sink) = 0;
  // For execute_guarded, where a failed statement ends its transaction.
  virtual long long run_guarded(std::string_view sql, const Values& values) {
    return run(sql, values, {}, {});
  }
};

struct DbOptions {
  std::string uri;        // MLflow's form (database_uri.h, sqlite/uri.h)
  PoolOptions pool = {};  // of a database server; SQLite has its own
};

// Thread-safe. Bodies may run on another thread than the caller's, one of them per session, and
// must not call read or write of any Db (INTERNAL_ERROR): they would wait for themselves.
class Db {
 public:
  // Opens the database, creating the file and its folders; throws Error when it cannot.
  explicit Db(const DbOptions& options);
  // No read or write may be under way. On SQLite checkpoints and puts back the journal mode that
  // was found, if nobody else has the file open.
  ~Db();
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  Dialect dialect() const;
  // The URI that it was opened with, for messages to the administrator (it may hold a password).
  const std::string& uri() const { return uri_; }

  // Runs `body(Session&)` in a read transaction (one snapshot, nothing can be written) and returns
  // its result. On SQLite in WAL mode it never waits for a writer.
  template <class Body>
  auto read(Body&& body) -> std::invoke_result_t<Body, Session&>;

  // What a write is expected to cost. On SQLite, where one writes at a time, Large ones (more than
  // some hundred rows, or as many as are there) take turns with all others instead of joining them.
  enum class Load { Small, Large };
  static constexpr Load load_of(std::size_t rows) { return rows > 200 ? Load::Large : Load::Small; }

  // Runs `body(Session&)` in a write transaction, commits, and returns its result: when this
  // returns, the change is on disk. The body may run more than once and must have no side effects
  // but SQL. A throwing body leaves nothing behind.
  template <class Body>
  auto write(Load load, Body&& body) -> std::invoke_result_t<Body, Session&>;
  template <class Body>
  auto write(Body&& body) -> std::invoke_result_t<Body, Session&> {
    return write(Load::Small, std::forward<Body>(body));
  }

  // True once the database is gone in such a way that only a new start of the process helps: a file
  // that was removed or replaced. Nothing is read or written then.
  bool is_lost() const;

  using ErasedBody = std::function<void(Session&)>;

  // One implementation per kind of database (backend.h).
  class Backend;

 private:
  void run_read(const ErasedBody& body);
  void run_write(const ErasedBody& body, Load load);

  std::string uri_;
  std::unique_ptr<Backend> backend_;
};

// ---- Implementation of the templates ----

namespace db_columns {

template <class T>
struct Plain {
  using type = T;
  static constexpr bool is_optional = false;
};
template <class T>
struct Plain<std::optional<T>> {
  using type = T;
  static constexpr bool is_optional = true;
};

template <class Column>
constexpr Session::ColumnType type_of() {
  using T = typename Plain<Column>::type;
  constexpr bool is_text = std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>;
  static_assert(is_text || std::is_same_v<T, std::int64_t> || std::is_same_v<T, double>,
                "a column is text, std::int64_t, double or std::optional of one of them");
  if constexpr (is_text) return Session::ColumnType::Text;
  if constexpr (std::is_same_v<T, std::int64_t>) return Session::ColumnType::Integer;
  return Session::ColumnType::Real;
}

[[noreturn]] void throw_unexpected_null();

template <class Column>
Column value_of(const Session::Cell& cell) {
  if constexpr (Plain<Column>::is_optional) {
    if (cell.null) return Column();
    return value_of<typename Plain<Column>::type>(cell);
  } else {
    if (cell.null) throw_unexpected_null();
    if constexpr (type_of<Column>() == Session::ColumnType::Text) {
      return Column(cell.text);
    } else if constexpr (type_of<Column>() == Session::ColumnType::Integer) {
      return cell.integer;
    } else {
      return cell.real;
    }
  }
}

template <class... Columns>
inline constexpr std::array<Session::ColumnType, sizeof...(Columns)> types{type_of<Columns>()...};

template <class... Columns, class Row, std::size_t... Index>
void call(Row& row, std::span<const Session::Cell> cells, std::index_sequence<Index...>) {
  row(value_of<Columns>(cells[Index])...);
}

}  // namespace db_columns

template <class... Columns, class Row>
void Session::each(std::string_view sql, const Values& values, Row&& row) {
  run(sql, values, db_columns::types<Columns...>, [&row](std::span<const Cell> cells) {
    db_columns::call<Columns...>(row, cells, std::index_sequence_for<Columns...>{});
  });
}

template <class... Columns>
std::optional<std::tuple<Columns...>> Session::first(std::string_view sql, const Values& values) {
  static_assert(
      !(std::is_same_v<typename db_columns::Plain<Columns>::type, std::string_view> || ...),
      "the row is gone when this returns");
  std::optional<std::tuple<Columns...>> result;
  const auto keep = [&result](Columns... column) {
    if (!result) result.emplace(std::move(column)...);
  };
  each<Columns...>(sql, values, keep);
  return result;
}

template <class Body>
auto Db::read(Body&& body) -> std::invoke_result_t<Body, Session&> {
  using Result = std::invoke_result_t<Body, Session&>;
  if constexpr (std::is_void_v<Result>) {
    run_read([&body](Session& session) { body(session); });
  } else {
    std::optional<Result> result;
    run_read([&body, &result](Session& session) { result.emplace(body(session)); });
    return std::move(*result);
  }
}

template <class Body>
auto Db::write(Load load, Body&& body) -> std::invoke_result_t<Body, Session&> {
  using Result = std::invoke_result_t<Body, Session&>;
  if constexpr (std::is_void_v<Result>) {
    run_write([&body](Session& session) { body(session); }, load);
  } else {
    std::optional<Result> result;
    run_write([&body, &result](Session& session) { result.emplace(body(session)); }, load);
    return std::move(*result);
  }
}

}  // namespace millrace
