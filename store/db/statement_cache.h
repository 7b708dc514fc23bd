// The prepared statements of one session.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/common/error.h"
#include "store/db/statement.h"

namespace millrace {

// The last used first, and an index over them by their own text.
class StatementCache {
 public:
  explicit StatementCache(soci::session& session) : session_(session) {}

  // Calls `work(Statement&)`, which executes the statement with this text and reads its rows, and
  // returns the rows that it changed. The session goes on only when a statement is at its end: one
  // that fails is dropped, and one that begins inside `work` is refused (INTERNAL_ERROR). Throws
  // soci::soci_error and what `work` throws.
  template <class Work>
  long long run(std::string_view sql, Work&& work) {
    if (running_) {
      throw Error(ErrorCode::InternalError, "A statement began inside the rows of another.");
    }
    struct Running {
      explicit Running(bool& flag) : flag_(flag) { flag_ = true; }
      ~Running() { flag_ = false; }
      bool& flag_;
    } const running(running_);
    Statement& statement = get(sql);
    try {
      work(statement);
      const long long changed = statement.finish();
      if (sql.size() > kLongestKept) drop_last_used();
      return changed;
    } catch (...) {
      drop_last_used();  // it would keep its snapshot open
      throw;
    }
  }

 private:
  Statement& get(std::string_view sql) {
    const auto found = index_.find(sql);
    if (found != index_.end()) {
      recent_.splice(recent_.begin(), recent_, found->second);
      return recent_.front().statement;
    }
    if (recent_.size() >= kMaxPrepared) {
      index_.erase(recent_.back().sql);
      recent_.pop_back();
    }
    recent_.emplace_front(session_, sql);
    index_.emplace(recent_.front().sql, recent_.begin());
    return recent_.front().statement;
  }

  void drop_last_used() {
    index_.erase(recent_.front().sql);
    recent_.pop_front();
  }

  // Enough for the fixed statements of a busy server; the text of searches varies without end.
  static constexpr std::size_t kMaxPrepared = 96;
  // Bytes. The text of a long search takes a hundred times its size when prepared, and does not
  // come again.
  static constexpr std::size_t kLongestKept = 8192;

  struct Prepared {
    Prepared(soci::session& session, std::string_view text) : sql(text), statement(session, sql) {}
    std::string sql;
    Statement statement;
  };

  soci::session& session_;
  std::list<Prepared> recent_;
  std::unordered_map<std::string_view, std::list<Prepared>::iterator> index_;
  bool running_ = false;
};

}  // namespace millrace
