// A fair, bounded line for the sessions of a database.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>

#include "store/db/watch.h"

namespace millrace {

// Who waits: what reads by a key, what writes, and Large work.
enum class Waiting { PointRead, Write, Large };

// How many may wait, of those who wait for the same. Of Large work never more than kLongest: it is
// slow, and each one holds a thread. Of the others more while the line moves, which is: one of them
// was served, or the first one came, within kStall.
class LineBound {
 public:
  static constexpr std::size_t kLongest = 128;
  static constexpr std::chrono::seconds kStall{1};

  using Clock = std::chrono::steady_clock;

  bool is_full(std::size_t waiting, bool is_large, Clock::time_point now = Clock::now()) const {
    return waiting >= kLongest && (is_large || now - moved_ >= kStall);
  }
  // To be called when one is served, and when one comes where nobody waits.
  void move(Clock::time_point now = Clock::now()) { moved_ = now; }

 private:
  Clock::time_point moved_{};
};

// Places, as many as there can be sessions. Large work may hold some of them only, and some are for
// reads by a key alone, so that these never wait for all the time of others. Who has waited for
// kPatience is served first, in the order of coming; before that a place may go to who comes just
// when it is free, since waking a thread for each of many short reads costs more than these. Nobody
// stands in the way of a class that may go on. Thread-safe.
class WaitingLine {
 public:
  static constexpr std::chrono::milliseconds kPatience{5};
  // Until someone has waited for so long, a place that a write leaves is for another one of those
  // who wait, and so with reads: a session that goes on as it is saves a journey.
  static constexpr std::chrono::milliseconds kAlikeFirst{50};

  // At least one place for each class. `watch` outlives this.
  WaitingLine(const Watch& watch, std::size_t places, std::size_t for_large,
              std::size_t for_point_reads);
  WaitingLine(const WaitingLine&) = delete;
  WaitingLine& operator=(const WaitingLine&) = delete;

  // A place that is held for as long as this lives.
  class Place {
   public:
    Place(WaitingLine& line, const WorkOrder& order, Waiting who);
    ~Place() { line_.leave(who_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    WaitingLine& line_;
    const Waiting who_;
  };

  // Waits for a place. Throws Overloaded when too many wait already, and Cancelled when the order's
  // time ends.
  Place enter_to_read(const WorkOrder& order) {
    return {*this, order, order.load == Load::Large ? Waiting::Large : Waiting::PointRead};
  }
  Place enter_to_write(const WorkOrder& order) {
    return {*this, order, order.load == Load::Large ? Waiting::Large : Waiting::Write};
  }

 private:
  struct Waiter {
    explicit Waiter(Waiting w) : who(w) {}
    const Waiting who;
    const LineBound::Clock::time_point since = LineBound::Clock::now();
    bool is_called = false;  // to look for a free place, unless another one was faster
    bool has_place = false;
    std::condition_variable wake;
  };
  struct Class {
    std::size_t held = 0;
    std::size_t waiting = 0;
    LineBound bound{};
  };

  Class& of(Waiting who) { return classes_.at(static_cast<std::size_t>(who)); }
  void wait(const WorkOrder& order, Waiting who);
  void leave(Waiting who);
  void call_next(Waiting before);
  static bool is_write(Waiting who) { return who == Waiting::Write; }
  bool is_kept(Waiting who) const;

  bool is_free(Waiting who);
  bool is_full(Waiting who);
  void take(Waiting who);

  const Watch& watch_;
  const std::size_t places_, for_large_, for_point_reads_;
  std::mutex mutex_;  // guards what follows
  std::array<Class, 3> classes_;
  std::size_t held_ = 0;
  std::size_t left_by_writes_ = 0;  // of the free ones
  std::list<Waiter*> waiting_;      // those for whom no place is free
};

// What is thrown over the bound of a line.
[[noreturn]] void throw_line_full();

}  // namespace millrace
