// One unit of work: what the operations of the store are functions over. Several of them given the
// same Work share its transaction.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "store/common/clock.h"
#include "store/common/sql_dialect.h"
#include "store/db/session.h"

namespace millrace {

// MLflow's workspace in which everything lies.
inline constexpr const char* kWorkspace = "default";

// Who asked for the work; both empty where nobody was asked who they are.
struct Caller {
  std::string actor = {};
  std::string request_id = {};
};

// What a write is expected to cost. On SQLite, where one writes at a time, Large ones (more than
// some hundred rows, or as many as are there) take turns with all others instead of joining them.
enum class Load { Small, Large };
constexpr Load load_of(std::size_t rows) { return rows > 200 ? Load::Large : Load::Small; }
// Bytes of a text that is written, from which on that is a Large write.
inline constexpr std::size_t kLongText = std::size_t{256} << 10U;

// What is told to the database beside a body. The deadline is for the body to look at: no back end
// ends one at it yet.
struct WorkOrder {
  using Deadline = std::chrono::steady_clock::time_point;

  Caller caller = {};
  Load load = Load::Small;
  Deadline deadline = Deadline::max();
};

// One attempt at a body: a conflict with another transaction makes a new one.
class Work {
 public:
  Work(Session& session, Dialect dialect, const WorkOrder& order, int attempt)
      : session_(session), dialect_(dialect), order_(order), attempt_(attempt) {}
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  // As the methods of Session.
  long long execute(std::string_view sql, const Values& values = {}) {
    return session_.execute(sql, values);
  }
  long long execute_guarded(std::string_view sql, const Values& values = {}) {
    return session_.execute_guarded(sql, values);
  }
  template <class... Columns, class Row>
  void each(std::string_view sql, const Values& values, Row&& row) {
    session_.each<Columns...>(sql, values, std::forward<Row>(row));
  }
  template <class... Columns>
  std::optional<std::tuple<Columns...>> first(std::string_view sql, const Values& values = {}) {
    return session_.first<Columns...>(sql, values);
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
  Session& session_;
  const Dialect dialect_;
  const WorkOrder& order_;
  const int attempt_;
  std::optional<std::int64_t> now_;
};

}  // namespace millrace
