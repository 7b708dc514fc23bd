// The single writer of a SQLite file, with group commit.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "store/db/sqlite/file.h"
#include "store/db/sqlite/session.h"
#include "store/db/waiting_line.h"

namespace millrace {

// Bodies that wait run in one BEGIN IMMEDIATE .. COMMIT, so that one disk sync pays for all of
// them. A group ends after some 20 ms of work: who comes later is served by the next one. Large
// bodies have a queue of their own and run one at a time, in turn with groups of small ones.
//
// A body that fails and has changed nothing leaves the group as it is. One that fails after changes
// is undone with all that ran before it; those run again, and are committed, and it runs again by
// itself: what it then says is true whatever became of the others. No body is run more than three
// times, and none pays for a savepoint, which would cost a copy of every changed page.
//
// If SQLite ends a transaction by itself, or cannot commit it, all its bodies have that error,
// also those that had failed by themselves: what they have seen is not there.
//
// Who comes while a group runs still joins it. And who has been served mostly comes back at once:
// so a group that is smaller than the last one waits a moment for them, at most an eighth of what
// that one took. Otherwise two halves of the callers take turns, and each pays for a sync of its
// own.
//
// There is no thread of its own: the first of the waiting callers runs the group for the others,
// and then makes one of those who still wait the next leader. A lone caller so pays no change of
// thread.
class SqliteLane {
 public:
  // All three outlive this; `session` is the lane's alone. `between_groups` is called after each
  // group, outside of any transaction, and does not throw.
  SqliteLane(SqliteSession& session, SqliteFile& file, Watch& watch,
             std::function<void()> between_groups)
      : session_(session), file_(file), watch_(watch), between_groups_(std::move(between_groups)) {}

  // Returns when the body's changes are on disk; throws what the body threw, or Error: Cancelled
  // when the order's time ends, Overloaded when too many wait already (LineBound).
  void write(const Db::ErasedBody& body, const WorkOrder& order);

 private:
  using Clock = std::chrono::steady_clock;

  struct Ticket {
    Ticket(const Db::ErasedBody& b, const WorkOrder& o) : body(b), order(o) {}
    const Db::ErasedBody& body;
    const WorkOrder& order;
    Clock::time_point arrival = Clock::now();
    std::exception_ptr failure;
    bool cancelled = false;  // its time has ended: it is not run again
    bool leads = false;
    bool done = false;
    std::condition_variable wake;
  };
  // Some of the tickets that wait. What the open transaction holds is [begin, next).
  struct Group {
    std::vector<Ticket*> tickets;
    std::size_t begin = 0;
    std::size_t next = 0;
  };

  std::deque<Ticket*>& queue_of(const WorkOrder& order) {
    return order.load == Load::Large ? large_ : small_;
  }
  bool is_full(const WorkOrder& order);
  void leave_if_ended(Ticket& ticket, std::unique_lock<std::mutex>& lock);
  void lead();
  Group take_group();
  bool is_turn_of_large(std::unique_lock<std::mutex>& lock);
  void run(Group& group);
  bool join_waiting(Group& group);
  static bool may_be_joined(const Group& group);
  void give_back_rest(Group& group);
  void begin_transaction(const Ticket& first);
  bool run_body(Ticket& ticket);
  void run_alone(Ticket& ticket);
  void undo(Group& group);
  void commit(Group& group);
  void fail(Group& group, const Error& error);
  void roll_back();
  bool is_long() const;
  void give_others_a_turn();
  void look_for_others();

  SqliteSession& session_;
  SqliteFile& file_;
  Watch& watch_;
  const std::function<void()> between_groups_;

  std::mutex mutex_;  // guards what follows, and the tickets
  std::deque<Ticket*> small_, large_;
  bool led_ = false;
  LineBound bound_;
  bool small_came_ = false;  // since the last large one began
  Clock::time_point large_turn_{};
  std::size_t expected_ = 0;  // callers, by the last group
  std::size_t wanted_ = 0;    // further ones, by the leader
  std::condition_variable company_;

  // The leader's alone.
  std::int64_t data_version_ = 0;
  Clock::time_point others_wrote_;
  Clock::time_point start_;
  Clock::time_point last_end_;
  Clock::duration last_duration_{};
};

}  // namespace millrace
