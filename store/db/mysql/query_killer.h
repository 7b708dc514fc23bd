// Ends statements on the server whose connections were cut off here: it would not notice before it
// has a row to send, or waits for a lock no more.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace millrace {

// Does so on connections of its own, one after another. Thread-safe.
class QueryKiller {
 public:
  explicit QueryKiller(std::string connect_string);
  // Waits for the one under way, some seconds at most.
  ~QueryKiller();
  QueryKiller(const QueryKiller&) = delete;
  QueryKiller& operator=(const QueryKiller&) = delete;

  // Whose statement. Between the two there may be something that spreads connections over several
  // servers, whose numbers are their own.
  struct Target {
    unsigned long connection = 0;
    std::string server = {};  // its kServerName
  };
  static constexpr const char* kServerName = "CONCAT_WS(':', @@hostname, @@port, @@server_id)";

  // Returns at once. Dropped when too many wait already.
  void kill(const Target& target) noexcept;

 private:
  void run();
  void kill_now(const Target& target);

  const std::string connect_string_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Target> targets_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace millrace
