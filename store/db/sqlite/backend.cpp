#include "store/db/sqlite/backend.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>

#include "store/db/sqlite/error.h"

namespace millrace {
namespace {

// Reads are bound by the processor, so more sessions than this would only cost memory; a few less
// and the cores wait for threads that are not at their turn.
std::size_t max_large_readers() {
  static const auto most = std::clamp<std::size_t>(2 * std::thread::hardware_concurrency(), 4, 16);
  return most;
}
// The others are for reads by a key.
std::size_t max_readers() { return max_large_readers() * 3 / 2; }

// A log of this many pages is started over. SQLite does so by itself only at a moment without any
// reader, which overlapping reads never leave.
constexpr int kLongLog = 9'000;
// From here on even while the checkpointer is at work: after it there is less left to do.
constexpr int kLongestLog = 11'000;
constexpr std::int64_t kLogBytes = std::int64_t{40} << 20U;
// How long new readers wait for those before them to end, and the pause if these do not.
constexpr std::chrono::seconds kLongestHold{2};
constexpr std::chrono::seconds kBetweenHolds{10};

// For who starts the server: what clients see names no file.
[[noreturn]] void throw_unopened(const std::string& path, const Error& error) {
  const bool unseen = dynamic_cast<const SqliteCannotOpen*>(&error) != nullptr;
  std::string why = unseen ? why_sqlite_cannot_open(path) : "";
  if (why.empty()) why = error.message();
  if (!why.ends_with('.')) why += '.';
  throw Error(error.code(), "The database " + path + " cannot be opened: " + why);
}

}  // namespace

SqliteBackend::SqliteBackend(const std::string& path) try
    : path_(path),
      writer_(path, SqliteSession::Role::Writer),
      journal_(writer_, path),
      file_(writer_, path),
      checkpointer_(path, file_),
      lane_(writer_, file_, watch_, [this] { bound_log(); }),
      line_(watch_, max_readers(), max_large_readers(), 0) {
  writer_.leave_checkpoints();
  // What one large transaction has made of it goes when it is started over.
  writer_.first<std::int64_t>("PRAGMA journal_size_limit = " + std::to_string(kLogBytes));
} catch (const Error& error) {
  if (error.code() != ErrorCode::InternalError) throw;  // busy, or replaced meanwhile
  throw_unopened(path, error);
}

SqliteBackend::~SqliteBackend() {
  if (file_.is_lost()) {  // what lies there now is not ours to write the log into
    for (const Reader& reader : idle_) reader->leave_log_at_close();
    writer_.leave_log_at_close();
    journal_.leave();
  }
  idle_.clear();  // before the journal's end, which needs to be alone
}

void SqliteBackend::read(const Db::ErasedBody& body, const WorkOrder& order) {
  file_.require_lately();
  const WaitingLine::Place place = line_.enter_to_read(order);
  Reader reader = take_reader();
  try {
    const Watch::Watched watched(watch_, order, *reader);
    reader->execute("BEGIN");
    body(*reader);
    reader->execute("COMMIT");
  } catch (...) {
    try {
      if (reader->in_transaction()) reader->execute("ROLLBACK");
    } catch (const Error&) {
      reader.reset();
    }
    give_back(std::move(reader));
    throw;
  }
  give_back(std::move(reader));
}

// On a session of its own, since the lane may be waiting for a lock. The lane takes that for
// another program's writes and makes room for it for some seconds.
void SqliteBackend::try_write(const Db::ErasedBody& body, std::chrono::milliseconds patience) {
  file_.require();
  SqliteSession session(path_, SqliteSession::Role::Writer, patience);
  file_.require();
  session.execute("BEGIN IMMEDIATE");
  body(session);
  session.execute("COMMIT");
}

SqliteBackend::Reader SqliteBackend::take_reader() {
  {
    std::unique_lock lock(mutex_);
    while (holds_readers_) {
      if (released_.wait_until(lock, held_until_) == std::cv_status::timeout) {
        holds_readers_ = false;
        released_.notify_all();
      }
    }
    if (!idle_.empty()) {
      Reader reader = std::move(idle_.back());
      idle_.pop_back();
      return reader;
    }
    ++open_;
  }
  try {
    file_.require();  // before it is opened, and after: a new file with the log of the old one
    auto reader = std::make_unique<SqliteSession>(path_, SqliteSession::Role::Reader);
    file_.require();
    return reader;
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

// Called by the lane after each group, so that no writer is at work. Holds new readers back until
// the others have ended, then starts the log over.
void SqliteBackend::bound_log() {
  checkpointer_.note(writer_.log_pages());
  {
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = Clock::now();
    if (!holds_readers_) {
      const int pages = writer_.log_pages();
      if (pages < kLongLog || (pages < kLongestLog && checkpointer_.is_at_work()) ||
          now < next_restart_ || file_.is_lost())
        return;
      holds_readers_ = true;
      held_until_ = now + kLongestHold;
      next_restart_ = held_until_ + kBetweenHolds;
    }
    if (idle_.size() != open_) return;
  }
  const bool restarted = restart_log();
  const std::lock_guard lock(mutex_);
  holds_readers_ = false;
  if (restarted) next_restart_ = {};
  released_.notify_all();
}

bool SqliteBackend::restart_log() {
  bool busy = true;
  const std::unique_lock alone = checkpointer_.pause();
  try {
    writer_.set_patience({});
    writer_.each<std::int64_t, std::int64_t, std::int64_t>(
        "PRAGMA wal_checkpoint(RESTART)", {},
        [&busy](std::int64_t is_busy, std::int64_t, std::int64_t) { busy = is_busy != 0; });
  } catch (const std::exception& error) {
    spdlog::warn("The database's log could not be started over: {}", error.what());
  }
  if (!busy) writer_.forget_log();
  return !busy;
}

// A null reader is one that was lost.
void SqliteBackend::give_back(Reader reader) {
  const std::lock_guard lock(mutex_);
  if (reader) {
    idle_.push_back(std::move(reader));
  } else {
    --open_;
  }
}

}  // namespace millrace
