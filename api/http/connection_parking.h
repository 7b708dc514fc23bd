// Where connections wait without a thread: one epoll set, one thread that watches it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "api/http/connection.h"

namespace millrace {

class ConnectionParking {
 public:
  using Wake = std::function<void(std::unique_ptr<Connection>)>;

  // `wake` gets each connection that can go on (or has ended), on the watching thread; one that it
  // throws on is closed. `look_after`, which must not throw, is called there, too, once a second.
  // Throws std::system_error when the kernel has no descriptors left.
  explicit ConnectionParking(
      Wake wake, std::function<void()> look_after = [] {});
  ~ConnectionParking();
  ConnectionParking(const ConnectionParking&) = delete;
  ConnectionParking& operator=(const ConnectionParking&) = delete;

  // Keeps it until it can go on; closes it when it is overdue (within a second), or at once after
  // stop().
  void park(std::unique_ptr<Connection> connection);
  // Closes the one that is worth least; false when there is none.
  bool close_least();
  void close_overdue();
  // Closes all; no wake is running or will run after it.
  void stop();

 private:
  void watch();
  std::unique_ptr<Connection> take(int fd);

  const Wake wake_;
  const std::function<void()> look_after_;
  int epoll_;
  int stop_event_;
  std::mutex mutex_;
  bool stopped_ = false;
  std::unordered_map<int, std::unique_ptr<Connection>> parked_;  // by descriptor
  std::thread watcher_;
};

}  // namespace millrace
