#include "store/db/sqlite/lane.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <thread>

namespace millrace {
namespace {

// How long a foreign writer that was seen counts as present.
constexpr std::chrono::seconds kOthersStay{10};
// The longest pause between two groups in its favour.
constexpr std::chrono::milliseconds kLongestTurn{50};
// The longest pause between two groups for callers who come back.
constexpr std::chrono::milliseconds kLongestWaitForCompany{5};

// Each waiting thread gets an exception object of its own.
std::exception_ptr copy_for(const Error& error) {
  return std::make_exception_ptr(Error(error.code(), error.message()));
}

}  // namespace

SqliteLane::SqliteLane(const std::string& path)
    : session_(path, SqliteSession::Role::Writer), path_(path) {}

std::optional<SqliteLane::FileIdentity> SqliteLane::identity(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileIdentity{found.st_dev, found.st_ino};
}

// SQLite would go on writing to a file that nobody can find any more.
void SqliteLane::require_file() {
  const auto found = identity(path_);
  if (!file_) file_ = found;  // the first write: the session has made the file by now
  if (found && found == file_) return;
  spdlog::error(
      "The database file {} was removed or replaced under the running server. Nothing is written "
      "until the server is started again.",
      path_);
  throw Error(ErrorCode::TemporarilyUnavailable,
              "The database file was removed or replaced; the server must be started again.");
}

void SqliteLane::write(const Db::ErasedBody& body) {
  Ticket ticket(body);
  {
    std::unique_lock lock(mutex_);
    waiting_.push_back(&ticket);
    if (!led_) {
      led_ = ticket.leads = true;
    } else {
      if (waiting_.size() >= wanted_) company_.notify_one();
      ticket.wake.wait(lock, [&ticket] { return ticket.done || ticket.leads; });
    }
  }
  if (ticket.leads) lead();
  if (ticket.failure) std::rethrow_exception(ticket.failure);
}

// Whether the group has grown by those who wait; if it is smaller than expected, after a moment.
bool SqliteLane::has_company(Group& group) {
  std::unique_lock lock(mutex_);
  wanted_ = expected_ > group.size() ? expected_ - group.size() : 0;
  const auto longest = std::min<Clock::duration>(last_duration_ / 8, kLongestWaitForCompany);
  company_.wait_until(lock, last_end_ + longest, [this] { return waiting_.size() >= wanted_; });
  group.insert(group.end(), waiting_.begin(), waiting_.end());
  return !std::exchange(waiting_, {}).empty();
}

void SqliteLane::lead() {
  give_others_a_turn();
  Group group;
  {
    const std::lock_guard lock(mutex_);
    group.swap(waiting_);
  }
  std::exception_ptr unexpected;
  try {
    run(group);
  } catch (...) {  // no memory for a failure: all must hear of it all the same
    unexpected = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  for (Ticket* ticket : group) {
    if (unexpected && !ticket->failure) ticket->failure = unexpected;
    ticket->done = true;
    ticket->wake.notify_one();
  }
  expected_ = group.size() + waiting_.size();
  led_ = !waiting_.empty();
  if (led_) {
    waiting_.front()->leads = true;
    waiting_.front()->wake.notify_one();
  }
}

// After this each ticket of the group is either committed or has its failure.
void SqliteLane::run(Group& group) {
  const Clock::time_point start = Clock::now();
  try {
    const auto waited =
        std::chrono::duration_cast<std::chrono::milliseconds>(start - group.front()->arrival);
    require_file();
    session_.set_patience(std::max(SqliteSession::kPatience - waited, {}));
    session_.execute("BEGIN IMMEDIATE");
    look_for_others();
    apart_ = false;
    std::size_t run = 0;
    do {
      run_bodies(group, std::exchange(run, group.size()));
    } while (has_company(group));
    commit(group);
  } catch (const Error& error) {
    fail(group, error);
  } catch (const std::exception&) {
    fail(group, Error(ErrorCode::InternalError, "The database could not store the change."));
  }
  last_end_ = Clock::now();
  last_duration_ = last_end_ - start;
}

// Should it fail, nothing is stored of what a failed body has seen either: all get that error.
void SqliteLane::commit(const Group& group) {
  try {
    session_.execute("COMMIT");
  } catch (...) {
    for (Ticket* ticket : group) ticket->failure = nullptr;
    throw;
  }
}

// Ends the transaction with nothing stored.
void SqliteLane::fail(const Group& group, const Error& error) {
  for (Ticket* ticket : group) {
    if (!ticket->failure) ticket->failure = copy_for(error);
  }
  try {
    if (session_.in_transaction()) session_.execute("ROLLBACK");
  } catch (const std::exception&) {
    // If the transaction is still open, the next BEGIN fails and gets here again.
  }
}

void SqliteLane::require_transaction() {
  if (session_.in_transaction()) return;
  throw Error(ErrorCode::InternalError, "The database could not store the change.");
}

void SqliteLane::run_bodies(const Group& group, std::size_t first) {
  for (std::size_t next = first; next < group.size();) {
    if (run_body(*group[next])) {
      ++next;
      continue;
    }
    session_.execute("ROLLBACK");
    session_.execute("BEGIN IMMEDIATE");
    apart_ = true;
    next = 0;
  }
}

// False if it failed and left changes in what the group shares.
bool SqliteLane::run_body(Ticket& ticket) {
  ticket.failure = nullptr;
  session_.forget_writes();
  if (apart_) session_.execute("SAVEPOINT body");
  try {
    ticket.body(session_);
  } catch (...) {
    ticket.failure = std::current_exception();
  }
  require_transaction();
  if (!apart_) return !ticket.failure || !session_.has_written();
  if (ticket.failure) session_.execute("ROLLBACK TO body");
  session_.execute("RELEASE body");
  return true;
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
