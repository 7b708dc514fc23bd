// Writes the log into the database file beside the lane, whose commits would else take as long
// again for it now and then.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "store/db/sqlite/file.h"

namespace millrace {

// Thread-safe.
class SqliteCheckpointer {
 public:
  // `file` outlives this. The thread and its session begin when they are first needed.
  SqliteCheckpointer(std::string path, SqliteFile& file) : path_(std::move(path)), file_(file) {}
  ~SqliteCheckpointer();
  SqliteCheckpointer(const SqliteCheckpointer&) = delete;
  SqliteCheckpointer& operator=(const SqliteCheckpointer&) = delete;

  // To be called after a commit, with the pages that are in the log then. Begins a checkpoint where
  // kCheckpointPages have come since the last one. Throws nothing for want of a thread.
  void note(int pages);

  bool is_at_work() {
    const std::lock_guard lock(mutex_);
    return wanted_;
  }

  // While it lives no checkpoint is under way, so that another session may make one. Waits for the
  // end of the present one.
  std::unique_lock<std::mutex> pause() { return std::unique_lock(running_); }

 private:
  void work();

  const std::string path_;
  SqliteFile& file_;
  std::mutex running_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  int pages_ = 0;    // of the log, as last noted
  int written_ = 0;  // of these are in the file, or were tried in vain
  bool wanted_ = false;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace millrace
