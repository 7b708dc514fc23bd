#include "store/db/sqlite/lane.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace millrace {
namespace {

// The work after which a group ends.
constexpr std::chrono::milliseconds kLongGroup{20};
// How long a foreign writer that was seen counts as present.
constexpr std::chrono::seconds kOthersStay{10};
// The longest pause between two groups in its favour.
constexpr std::chrono::milliseconds kLongestTurn{50};
// The longest pause between two groups for callers who come back.
constexpr std::chrono::milliseconds kLongestWaitForCompany{5};
// The longest pause between two large ones in favour of small ones.
constexpr std::chrono::milliseconds kLongestLargePause{100};

const WorkOrder kUnhurried;

Error transaction_lost() {
  return {ErrorCode::InternalError, "The database could not store the change."};
}

// Each waiting thread gets an exception object of its own.
std::exception_ptr copy_for(const Error& error) {
  if (const auto* cancelled = dynamic_cast<const Cancelled*>(&error)) {
    return std::make_exception_ptr(Cancelled(cancelled->ending()));
  }
  return std::make_exception_ptr(Error(error.code(), error.message()));
}

}  // namespace

void SqliteLane::write(const Db::ErasedBody& body, const WorkOrder& order) {
  Ticket ticket(body, order);
  std::unique_lock lock(mutex_);
  if (is_full(order)) throw_line_full();
  if (queue_of(order).empty()) bound_.move();
  queue_of(order).push_back(&ticket);
  if (order.load == Load::Small) small_came_ = true;
  if (!led_) {
    led_ = ticket.leads = true;
  } else if (small_.size() >= wanted_) {
    company_.notify_one();
  }
  while (!ticket.done) {
    const bool called =
        ticket.wake.wait_for(lock, Watch::kTick, [&ticket] { return ticket.done || ticket.leads; });
    if (!called) leave_if_ended(ticket, lock);
    if (!std::exchange(ticket.leads, false)) continue;
    lock.unlock();
    lead();
    lock.lock();
  }
  lock.unlock();
  if (ticket.failure) std::rethrow_exception(ticket.failure);
}

bool SqliteLane::is_full(const WorkOrder& order) {
  return bound_.is_full(queue_of(order).size(), order.load == Load::Large);
}

// One that still waits, and leads nobody.
void SqliteLane::leave_if_ended(Ticket& ticket, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  const auto ending = watch_.ending(ticket.order);
  lock.lock();
  if (ticket.leads) return;
  std::deque<Ticket*>& queue = queue_of(ticket.order);
  const auto place = std::find(queue.begin(), queue.end(), &ticket);
  if (place == queue.end()) return;  // its group runs
  const bool is_beyond = is_full(ticket.order) &&
                         place - queue.begin() >= static_cast<std::ptrdiff_t>(LineBound::kLongest);
  if (!ending && !is_beyond) return;
  queue.erase(place);
  if (ending) throw Cancelled(*ending);
  throw_line_full();
}

// Who stands behind the first may leave the line for as long as the transaction has not begun; then
// it joins.
SqliteLane::Group SqliteLane::take_group() {
  std::unique_lock lock(mutex_);
  const bool is_large = is_turn_of_large(lock);
  std::deque<Ticket*>& queue = is_large ? large_ : small_;
  Group group;
  group.tickets.push_back(queue.front());
  queue.pop_front();
  if (is_large) small_came_ = false;
  return group;
}

// Where both kinds come, the small ones have twice the time that the last large one took: most of
// them then meet none, and those that do, one. Their callers come back a moment after each answer,
// so that time is kept for them even while none waits.
bool SqliteLane::is_turn_of_large(std::unique_lock<std::mutex>& lock) {
  if (large_.empty()) return false;
  if (!small_came_) return true;
  wanted_ = 1;
  company_.wait_until(lock, large_turn_, [this] { return !small_.empty(); });
  return small_.empty() || Clock::now() >= large_turn_;
}

void SqliteLane::lead() {
  give_others_a_turn();
  Group group = take_group();
  std::exception_ptr unexpected;
  try {
    run(group);
  } catch (...) {  // no memory for a failure: all must hear of it all the same
    unexpected = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  for (Ticket* ticket : group.tickets) {
    if (unexpected && !ticket->failure) ticket->failure = unexpected;
    ticket->done = true;
    ticket->wake.notify_one();
  }
  bound_.move();
  expected_ = group.tickets.size() + small_.size();
  if (group.tickets.front()->order.load == Load::Large)
    large_turn_ = last_end_ + std::min<Clock::duration>(2 * last_duration_, kLongestLargePause);
  led_ = !small_.empty() || !large_.empty();
  if (led_) {
    Ticket* next = small_.empty() ? large_.front() : small_.front();
    next->leads = true;
    next->wake.notify_one();
  }
}

bool SqliteLane::is_long() const { return Clock::now() - start_ >= kLongGroup; }

// Whether the group has grown by those who wait; if it is smaller than expected, after a moment.
bool SqliteLane::join_waiting(Group& group) {
  std::unique_lock lock(mutex_);
  wanted_ = expected_ > group.tickets.size() ? expected_ - group.tickets.size() : 0;
  const auto longest = std::min<Clock::duration>(last_duration_ / 8, kLongestWaitForCompany);
  company_.wait_until(lock, last_end_ + longest, [this] { return small_.size() >= wanted_; });
  group.tickets.insert(group.tickets.end(), small_.begin(), small_.end());
  return !std::exchange(small_, {}).empty();
}

bool SqliteLane::may_be_joined(const Group& group) {
  return group.tickets.front()->order.references == References::Checked;
}

// Who has not run yet is the first of the next group.
void SqliteLane::give_back_rest(Group& group) {
  const auto rest = group.tickets.begin() + static_cast<std::ptrdiff_t>(group.next);
  const std::lock_guard lock(mutex_);
  small_.insert(small_.begin(), rest, group.tickets.end());
  group.tickets.erase(rest, group.tickets.end());
}

// After this each ticket that is still in the group is either committed or has its failure.
void SqliteLane::run(Group& group) {
  start_ = Clock::now();
  try {
    file_.require();
    do {
      while (group.next < group.tickets.size() && (group.next == 0 || !is_long())) {
        if (!session_.in_transaction()) begin_transaction(*group.tickets[group.next]);
        if (run_body(*group.tickets[group.next])) {
          ++group.next;
        } else {
          undo(group);
        }
      }
    } while (!is_long() && may_be_joined(group) && join_waiting(group));
    give_back_rest(group);
    commit(group);
  } catch (const Error& error) {
    fail(group, error);
  } catch (const std::exception&) {
    fail(group, transaction_lost());
  }
  between_groups_();
  last_end_ = Clock::now();
  last_duration_ = last_end_ - start_;
}

// Waits for a lock of others for as long as `first` may.
void SqliteLane::begin_transaction(const Ticket& first) {
  const Watch::Watched watched(watch_, first.order, session_);
  const auto waited =
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - first.arrival);
  session_.set_patience(std::max(SqliteSession::kPatience - waited, {}));
  session_.set_cache(first.order.load == Load::Large ? SqliteSession::kLargeWriterCache
                                                     : SqliteSession::kWriterCache);
  session_.check_foreign_keys(first.order.references == References::Checked);
  session_.execute("BEGIN IMMEDIATE");
  look_for_others();
}

// False if it failed and left changes in the transaction, or was cancelled, which ends that. Throws
// when SQLite has ended it for another reason.
bool SqliteLane::run_body(Ticket& ticket) {
  ticket.failure = nullptr;
  session_.forget_changes();
  try {
    const Watch::Watched watched(watch_, ticket.order, session_);
    ticket.body(session_);
  } catch (const Cancelled&) {
    ticket.failure = std::current_exception();
    ticket.cancelled = true;
  } catch (...) {
    ticket.failure = std::current_exception();
  }
  if (!session_.in_transaction()) {
    if (ticket.cancelled) return false;
    throw transaction_lost();
  }
  return !ticket.failure || !session_.has_changed();
}

// The body at `next` has failed after changes: commits what ran before it without them, then runs
// it by itself.
void SqliteLane::undo(Group& group) {
  roll_back();
  Ticket& failed = *group.tickets[group.next];
  if (group.begin < group.next) {
    begin_transaction(*group.tickets[group.begin]);
    bool whole = true;
    for (std::size_t i = group.begin; whole && i < group.next; ++i) {
      whole = run_body(*group.tickets[i]);
    }
    if (whole) {
      commit(group);
    } else {  // it fails now, where it had not: another process has written in between
      roll_back();
      for (; group.begin < group.next; ++group.begin) {
        Ticket& one = *group.tickets[group.begin];
        if (!one.cancelled) run_alone(one);
      }
    }
  }
  if (!failed.cancelled) run_alone(failed);
  group.begin = ++group.next;
}

void SqliteLane::run_alone(Ticket& ticket) {
  try {
    begin_transaction(ticket);
    run_body(ticket);
    if (!ticket.failure) session_.execute("COMMIT");
  } catch (const Error& error) {
    ticket.failure = copy_for(error);
  } catch (...) {
    ticket.failure = std::current_exception();
  }
  roll_back();
}

// Nobody's time ends here but that of all: what is being saved is to be saved.
void SqliteLane::commit(Group& group) {
  const Watch::Watched watched(watch_, kUnhurried, session_);
  if (session_.in_transaction()) session_.execute("COMMIT");
  group.begin = group.next;
}

// Ends the transaction with nothing stored of it. The body at `next` may have begun; those behind
// it run in another group.
void SqliteLane::fail(Group& group, const Error& error) {
  group.next = std::min(group.next + 1, group.tickets.size());
  for (std::size_t i = group.begin; i < group.next; ++i) {
    group.tickets[i]->failure = copy_for(error);
  }
  give_back_rest(group);
  roll_back();
}

void SqliteLane::roll_back() {
  try {
    if (session_.in_transaction()) session_.execute("ROLLBACK");
  } catch (const std::exception&) {
    // If the transaction is still open, the next BEGIN fails and is answered.
  }
}

void SqliteLane::look_for_others() {
  const auto version = std::get<0>(*session_.first<std::int64_t>("PRAGMA data_version"));
  if (data_version_ != 0 && version != data_version_) others_wrote_ = Clock::now();
  data_version_ = version;
}

// SQLite has no queue for its lock: a process that asks in growing steps would find it taken for
// seconds beside a lane that never pauses. So while another one writes too, the lane rests for as
// long as it has worked.
void SqliteLane::give_others_a_turn() {
  const Clock::time_point now = Clock::now();
  if (others_wrote_ == Clock::time_point() || now - others_wrote_ > kOthersStay) return;
  const Clock::duration turn = std::min<Clock::duration>(last_duration_, kLongestTurn);
  if (last_end_ + turn > now) std::this_thread::sleep_until(last_end_ + turn);
}

}  // namespace millrace
