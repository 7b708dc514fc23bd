#include "store/db/waiting_line.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace {

void throw_line_full() {
  throw Error(ErrorCode::Overloaded, "Too many requests wait for the database; try again.");
}

WaitingLine::WaitingLine(const Watch& watch, std::size_t places, std::size_t for_large,
                         std::size_t for_point_reads)
    : watch_(watch),
      places_(std::max<std::size_t>(places, 1)),
      for_large_(std::clamp<std::size_t>(for_large, 1, places_)),
      for_point_reads_(std::min(for_point_reads, places_ - 1)) {}

WaitingLine::Place::Place(WaitingLine& line, const WorkOrder& order, Waiting who)
    : line_(line), who_(who) {
  line_.wait(order, who_);
}

bool WaitingLine::is_free(Waiting who) {
  if (held_ >= places_) return false;
  if (who == Waiting::PointRead) return true;
  if (held_ - of(Waiting::PointRead).held >= places_ - for_point_reads_) return false;
  return who == Waiting::Write || of(Waiting::Large).held < for_large_;
}

bool WaitingLine::is_full(Waiting who) {
  const Class& its = of(who);
  return its.bound.is_full(its.waiting, who == Waiting::Large);
}

// Whether the places that are free were left by the other kind, and those whom they are for have
// been called.
bool WaitingLine::is_kept(Waiting who) const {
  const std::size_t left_by_reads = places_ - held_ - left_by_writes_;
  if ((is_write(who) ? left_by_writes_ : left_by_reads) > 0) return false;
  const auto others = std::count_if(waiting_.begin(), waiting_.end(), [who](const Waiter* one) {
    return one->is_called && is_write(one->who) != is_write(who);
  });
  return static_cast<std::size_t>(others) >= places_ - held_;
}

void WaitingLine::take(Waiting who) {
  ++held_;
  if (is_write(who) ? left_by_writes_ > 0 : left_by_writes_ > places_ - held_) --left_by_writes_;
  ++of(who).held;
  of(who).bound.move();
}

void WaitingLine::wait(const WorkOrder& order, Waiting who) {
  std::unique_lock lock(mutex_);
  if (is_free(who) && !is_kept(who)) return take(who);
  if (is_full(who)) throw_line_full();
  Waiter self(who);
  const auto place = waiting_.insert(waiting_.end(), &self);
  if (++of(who).waiting == 1) of(who).bound.move();
  const auto may_go = [&] {
    if (self.has_place || is_free(who)) return true;
    // Another one of its class was faster; the place may be for who waits behind.
    if (std::exchange(self.is_called, false)) call_next(who);
    return false;
  };
  while (!self.wake.wait_for(lock, Watch::kTick, may_go)) {
    lock.unlock();
    const auto ending = watch_.ending(order);
    lock.lock();
    if (self.has_place) continue;
    const bool is_beyond =
        is_full(who) && std::count_if(waiting_.begin(), place, [who](const Waiter* one) {
                          return one->who == who;
                        }) >= static_cast<std::ptrdiff_t>(LineBound::kLongest);
    if (!ending && !is_beyond) continue;
    waiting_.erase(place);
    --of(who).waiting;
    if (self.is_called) call_next(who);
    if (ending) throw Cancelled(*ending);
    throw_line_full();
  }
  if (self.has_place) return;
  waiting_.erase(place);
  --of(who).waiting;
  take(who);
}

void WaitingLine::leave(Waiting who) {
  const std::lock_guard lock(mutex_);
  --held_;
  if (is_write(who)) ++left_by_writes_;
  --of(who).held;
  call_next(who);
}

// Called under the lock, for a place that is free: `before` had it.
void WaitingLine::call_next(Waiting before) {
  const auto may_be_called = [this](const Waiter* one) {
    return !one->is_called && is_free(one->who);
  };
  auto next = std::find_if(waiting_.begin(), waiting_.end(), may_be_called);
  if (next == waiting_.end()) return;
  const auto now = LineBound::Clock::now();
  if (now - (*next)->since < kAlikeFirst) {
    const auto alike = std::find_if(next, waiting_.end(), [&](const Waiter* one) {
      return is_write(one->who) == is_write(before) && may_be_called(one);
    });
    if (alike != waiting_.end()) next = alike;
  }
  Waiter& called = **next;
  called.is_called = true;
  if (now - called.since >= kPatience) {
    waiting_.erase(next);
    --of(called.who).waiting;
    take(called.who);
    called.has_place = true;
  }
  called.wake.notify_one();
}

}  // namespace millrace
