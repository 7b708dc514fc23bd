// One unit of work: what the operations of the store are functions over. Several of them given the
// same Work share its transaction.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "store/common/clock.h"
#include "store/common/sql_dialect.h"
#include "store/db/session.h"
#include "store/db/unstorable_text.h"

namespace millrace {

// MLflow's workspace in which everything lies.
inline constexpr const char* kWorkspace = "default";

// Who asked for the work; both empty where nobody was asked who they are.
struct Caller {
  std::string actor = {};
  std::string request_id = {};
};

// What a unit of work is expected to cost. Reads: Small is what an index finds by its key; Large, a
// search, a list or a history, may not take all sessions. Writes, on SQLite, where one writes at a
// time: Large ones (more than some hundred rows, or as many as are there) take turns with all
// others instead of joining them.
enum class Load { Small, Large };
constexpr Load load_of(std::size_t rows) { return rows > 200 ? Load::Large : Load::Small; }
// Who keeps foreign keys right. A body that changes or deletes all rows that refer to its own says
// so, and is spared their checks on SQLite, which cost more than its changes; it shares its
// transaction with no other. Elsewhere they are always checked.
enum class References { Checked, KeptByBody };
// Bytes of a text that is written, from which on that is a Large write.
inline constexpr std::size_t kLongText = std::size_t{256} << 10U;

// What is told to the database beside a body.
struct WorkOrder {
  using Deadline = std::chrono::steady_clock::time_point;

  Caller caller = {};
  Load load = Load::Small;
  References references = References::Checked;
  // The body is ended then, wherever it is: waiting for a session or a lock, or in a statement.
  Deadline deadline = Deadline::max();
  // Whether nobody waits for the result any more; the body is ended soon after. Asked now and then,
  // on other threads, while the work is under way. May be empty.
  std::function<bool()> is_abandoned = {};
};

// What a database can store.
enum class Charset { Unicode, LacksCharacters };

// One attempt at a body: a conflict with another transaction makes a new one.
class Work {
 public:
  Work(Session& session, Dialect dialect, const WorkOrder& order, int attempt,
       Charset charset = Charset::Unicode)
      : session_(session),
        dialect_(dialect),
        order_(order),
        attempt_(attempt),
        lacks_characters_(charset == Charset::LacksCharacters) {}
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  // As the methods of Session; but to conditions a text that the database cannot store is one like
  // others: statements that give or delete rows do not throw Unstorable.
  long long execute(std::string_view sql, const Values& values = {}) {
    if (!sql.starts_with("DELETE")) return session_.execute(sql, values);
    return compare(sql, values, [this](std::string_view text, const Values& bound) {
      return session_.execute(text, bound);
    });
  }
  long long execute_guarded(std::string_view sql, const Values& values = {}) {
    return session_.execute_guarded(sql, values);
  }
  template <class... Columns, class Row>
  void each(std::string_view sql, const Values& values, Row&& row) {
    compare(sql, values, [&](std::string_view text, const Values& bound) {
      session_.each<Columns...>(text, bound, row);
    });
  }
  template <class... Columns>
  std::optional<std::tuple<Columns...>> first(std::string_view sql, const Values& values = {}) {
    return compare(sql, values, [this](std::string_view text, const Values& bound) {
      return session_.first<Columns...>(text, bound);
    });
  }

  // Gives a row to what outlives the body. Whatever comes then, no other attempt gives it again.
  template <class Row, class Item>
  void deliver(const Row& row, const Item& item) {
    session_.note_delivery();
    row(item);
  }

  // For what knows nothing of operations: the schema, the catalog.
  operator Session&() { return session_; }  // NOLINT(google-explicit-constructor)

  Dialect dialect() const { return dialect_; }
  const Caller& caller() const { return order_.caller; }
  WorkOrder::Deadline deadline() const { return order_.deadline; }
  int attempt() const { return attempt_; }  // from 0

  // The time of the work in ms since the epoch: one for all its rows, read when it is first asked
  // for, or, where something is locked, after the lock.
  std::int64_t now() {
    if (!now_) now_ = now_ms();
    return *now_;
  }
  void read_clock_anew() { now_.reset(); }

 private:
  // Calls `run(sql, values)` for a statement with conditions.
  template <class Run>
  std::invoke_result_t<const Run&, std::string_view, const Values&> compare(std::string_view sql,
                                                                            const Values& values,
                                                                            const Run& run) {
    if (dialect_ == Dialect::Postgresql && may_be_unstorable(values, lacks_characters_))
      return run(sql, storable_values(session_, values, lacks_characters_));
    try {
      return run(sql, values);
    } catch (const Unstorable&) {  // no row has been given yet
      if (dialect_ != Dialect::Mysql) throw;
    }
    return run(compared_in_utf8(sql, values), values);
  }

  Session& session_;
  const Dialect dialect_;
  const WorkOrder& order_;
  const int attempt_;
  const bool lacks_characters_;
  std::optional<std::int64_t> now_;
};

}  // namespace millrace
