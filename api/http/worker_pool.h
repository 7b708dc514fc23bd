// The threads that serve connections: as many as there is work for, up to a bound, fewer when it is
// quiet.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "api/http/connection.h"

namespace millrace {

class WorkerPool {
 public:
  using Work = std::function<void(std::unique_ptr<Connection>)>;

  // `work` must not throw. A thread without work for ten seconds ends; the last one stays.
  WorkerPool(std::size_t max_threads, Work work);
  ~WorkerPool() { stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Throws when there is no thread and none can be started, or no memory: the connection is closed.
  void submit(std::unique_ptr<Connection> connection);
  // As submit, if a thread has time for it now; false, and nothing is done, if none has.
  bool try_submit(std::unique_ptr<Connection>& connection);
  // Finishes what was submitted and ends the threads.
  void stop();
  // As submit, if fewer than so many wait for a thread; false, and nothing is done, if not.
  bool submit_below(std::size_t waiting, std::unique_ptr<Connection>& connection);
  // Those that wait for a thread and are overdue, which from here on do not.
  std::vector<std::unique_ptr<Connection>> take_overdue();
  // Work is waiting, and neither an idle thread nor a new one can take it.
  bool busy() const { return busy_.load(std::memory_order_relaxed); }

 private:
  void add(std::unique_ptr<Connection> connection, std::unique_lock<std::mutex> lock);
  void run(std::list<std::thread>::iterator self);
  void start_thread();
  void update_busy();

  const std::size_t max_threads_;
  const Work work_;
  std::mutex mutex_;
  std::condition_variable work_added_;
  std::condition_variable thread_ended_;
  std::deque<std::unique_ptr<Connection>> queue_;
  std::list<std::thread> threads_;
  std::list<std::thread> ended_;  // to be joined
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::atomic<bool> busy_{false};
};

}  // namespace millrace
