// What a body sees of the database: statements and their rows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "store/common/error.h"
#include "store/common/value.h"

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

// A text has a character that the database's charset lacks, so that it cannot be stored, nor, by
// some servers, be compared with what is.
class Unstorable : public Error {
 public:
  Unstorable()
      : Error(ErrorCode::BadRequest,
              "The database refused the request: a text has a character that the database's "
              "charset lacks.") {}
};

// The database takes no writes, by the will of its administrator or as a standby.
class DatabaseReadOnly : public Error {
 public:
  DatabaseReadOnly() : Error(ErrorCode::BadRequest, "The database is read-only.") {}
};

// Why work is ended before it is done. Overlong: by the database, for a statement of its own.
enum class Ending { Late, Abandoned, Stopping, Overlong };

// The session was cancelled: a body may not catch this and go on.
class Cancelled : public Error {
 public:
  explicit Cancelled(Ending ending);
  Ending ending() const { return ending_; }

 private:
  Ending ending_;
};

// What a body sees of its transaction. Statements are prepared once per session and reused; each
// one is fetched to its end before the call returns, so nothing keeps a snapshot open.
//
// Placeholders are SOCI's `:name`, bound by position: give each one a name of its own. Text is
// bound as UTF-8 and may hold NUL bytes.
//
// All three methods throw: KeyViolation; TEMPORARILY_UNAVAILABLE when the database stays locked;
// Cancelled; Unstorable; BAD_REQUEST when the database refuses a value; INSUFFICIENT_STORAGE when a
// server has no room; INTERNAL_ERROR for all else. The messages hold neither SQL nor values.
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

  // To be called before a row goes to what outlives the body: from then on the body is not run
  // again when it is interrupted.
  void note_delivery() { has_delivered_ = true; }
  bool has_delivered() const { return has_delivered_; }

  // For another thread, while a body is at work: the statement under way, and each later one until
  // resume(), throws Cancelled. Returns at once, whatever the database does. May be called again.
  virtual void cancel(Ending ending) = 0;
  // Undoes that; not called beside cancel().
  virtual void resume() = 0;

 protected:
  Session() = default;

  // At the begin of a transaction.
  void forget_delivery() { has_delivered_ = false; }

  // What a back end provides: runs `sql`, hands each row to `sink`, returns the rows changed.
  virtual long long run(std::string_view sql, const Values& values,
                        std::span<const ColumnType> types, const RowSink& sink) = 0;
  // For execute_guarded, where a failed statement ends its transaction.
  virtual long long run_guarded(std::string_view sql, const Values& values) {
    return run(sql, values, {}, {});
  }

 private:
  bool has_delivered_ = false;
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

}  // namespace millrace
