// The single writer of a SQLite file, with group commit.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite_session.h"

namespace millrace {

// All bodies that wait run in one BEGIN IMMEDIATE .. COMMIT, each in its own savepoint, so that one
// disk sync pays for all of them and a failing body rolls back alone.
//
// There is no thread of its own: the first of the waiting callers runs the group for the others,
// and then makes the first of those who came meanwhile the next leader. A lone caller so pays no
// change of thread.
class SqliteLane {
 public:
  explicit SqliteLane(const std::string& path);

  // Returns when the body's changes are on disk; throws what the body threw, or Error.
  void write(const Db::ErasedBody& body);

  // For the owner, while nobody writes.
  SqliteSession& session() { return session_; }

 private:
  using Clock = std::chrono::steady_clock;

  struct Ticket {
    explicit Ticket(const Db::ErasedBody& b) : body(b) {}
    const Db::ErasedBody& body;
    Clock::time_point arrival = Clock::now();
    std::exception_ptr failure;
    bool leads = false;
    bool done = false;
    std::condition_variable wake;
  };
  using Group = std::vector<Ticket*>;

  struct FileIdentity {
    dev_t device;
    ino_t inode;
    bool operator==(const FileIdentity&) const = default;
  };
  static std::optional<FileIdentity> identity(const std::string& path);

  void require_file();
  void lead();
  void run(const Group& group);
  void run_bodies(const Group& group);
  void fail(const Group& group, const Error& error);
  void give_others_a_turn();
  void look_for_others();

  SqliteSession session_;
  const std::string path_;

  std::mutex mutex_;  // guards what follows, and the tickets
  std::vector<Ticket*> waiting_;
  bool led_ = false;

  // The leader's alone.
  std::optional<FileIdentity> file_;
  std::int64_t data_version_ = 0;
  Clock::time_point others_wrote_;
  Clock::time_point last_end_;
  Clock::duration last_duration_{};
};

}  // namespace millrace
