#include "store/db/sqlite/checkpointer.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <optional>
#include <system_error>

#include "store/db/sqlite/session.h"

namespace millrace {

SqliteCheckpointer::~SqliteCheckpointer() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SqliteCheckpointer::note(int pages) {
  const std::lock_guard lock(mutex_);
  pages_ = pages;
  if (pages < written_) written_ = 0;  // the log was started over
  if (pages - written_ < SqliteSession::kCheckpointPages || wanted_) return;
  try {
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  } catch (const std::system_error&) {
    return;  // no thread for now: the commit is none the worse, and the next one asks again
  }
  wanted_ = true;
  wake_.notify_one();
}

// Its session is its own from the first to the last page, and gone before the journal's end.
void SqliteCheckpointer::work() {
  std::unique_ptr<SqliteSession> session;
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return wanted_ || ends_; });
    if (ends_) break;
    lock.unlock();
    std::optional<int> written;
    try {
      const std::unique_lock alone = pause();
      file_.require();
      if (!session) {
        session = std::make_unique<SqliteSession>(path_, SqliteSession::Role::Writer);
        file_.require();
      }
      session->each<std::int64_t, std::int64_t, std::int64_t>(
          "PRAGMA wal_checkpoint(PASSIVE)", {},
          [&written](std::int64_t, std::int64_t, std::int64_t pages) {
            written = static_cast<int>(pages);
          });
    } catch (const std::exception& error) {
      spdlog::warn("The database's log could not be written into its file: {}", error.what());
    }
    lock.lock();
    written_ = written.value_or(pages_);
    wanted_ = false;
  }
  lock.unlock();
  if (session && file_.is_lost()) session->leave_log_at_close();
}

}  // namespace millrace
