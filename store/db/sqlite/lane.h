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

#include "store/db/sqlite/session.h"

namespace millrace {

// All bodies that wait run in one BEGIN IMMEDIATE .. COMMIT, so that one disk sync pays for all of
// them. A failing body is rolled back alone: should it have written, the others run once more, each
// in its own savepoint. Savepoints cost a copy of every changed page, and bodies seldom fail.
//
// Who comes while a group runs still joins it. And who has been served mostly comes back at once:
// so a group that is smaller than the last one waits a moment for them, at most an eighth of what
// that one took. Otherwise two halves of the callers take turns, and each pays for a sync of its
// own.
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
  void run(Group& group);
  bool has_company(Group& group);
  void run_bodies(const Group& group, std::size_t first);
  bool run_body(Ticket& ticket);
  void require_transaction();
  void commit(const Group& group);
  void fail(const Group& group, const Error& error);
  void give_others_a_turn();
  void look_for_others();

  SqliteSession session_;
  const std::string path_;

  std::mutex mutex_;  // guards what follows, and the tickets
  std::vector<Ticket*> waiting_;
  bool led_ = false;
  std::size_t expected_ = 0;  // callers, by the last group
  std::size_t wanted_ = 0;    // further ones, by the leader
  std::condition_variable company_;

  // The leader's alone.
  bool apart_ = false;  // each body of the group in its own savepoint
  std::optional<FileIdentity> file_;
  std::int64_t data_version_ = 0;
  Clock::time_point others_wrote_;
  Clock::time_point last_end_;
  Clock::duration last_duration_{};
};

}  // namespace millrace
