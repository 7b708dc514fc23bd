#include "api/http/worker_pool.h"

#include <exception>

namespace millrace {

namespace {

constexpr std::chrono::seconds kIdleLife{10};

}  // namespace

WorkerPool::WorkerPool(std::size_t max_threads, Work work)
    : max_threads_(max_threads), work_(std::move(work)) {}

void WorkerPool::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  work_added_.notify_all();
  thread_ended_.wait(lock, [this] { return threads_.empty(); });
  std::list<std::thread> ended = std::move(ended_);
  lock.unlock();
  for (std::thread& thread : ended) thread.join();
}

void WorkerPool::submit(std::unique_ptr<Connection> connection) {
  add(std::move(connection), std::unique_lock(mutex_));
}

bool WorkerPool::try_submit(std::unique_ptr<Connection>& connection) {
  std::unique_lock lock(mutex_);
  if (idle_ <= queue_.size() && threads_.size() >= max_threads_) return false;
  add(std::move(connection), std::move(lock));
  return true;
}

bool WorkerPool::submit_below(std::size_t waiting, std::unique_ptr<Connection>& connection) {
  std::unique_lock lock(mutex_);
  if (queue_.size() >= waiting) return false;
  add(std::move(connection), std::move(lock));
  return true;
}

std::vector<std::unique_ptr<Connection>> WorkerPool::take_overdue() {
  std::lock_guard lock(mutex_);
  const auto now = Connection::Clock::now();
  std::vector<std::unique_ptr<Connection>> taken;
  std::deque<std::unique_ptr<Connection>> others;
  for (std::unique_ptr<Connection>& connection : queue_) {
    if (connection->is_overdue(now))
      taken.push_back(std::move(connection));
    else
      others.push_back(std::move(connection));
  }
  queue_.swap(others);
  update_busy();
  return taken;
}

void WorkerPool::add(std::unique_ptr<Connection> connection, std::unique_lock<std::mutex> lock) {
  std::list<std::thread> ended;
  queue_.push_back(std::move(connection));
  if (idle_ < queue_.size() && threads_.size() < max_threads_) start_thread();
  update_busy();
  ended.swap(ended_);
  lock.unlock();
  work_added_.notify_one();
  for (std::thread& thread : ended) thread.join();
}

// Called under the lock, for the connection queued last.
void WorkerPool::start_thread() {
  auto self = threads_.end();
  try {
    self = threads_.emplace(self);
    *self = std::thread([this, self] { run(self); });
  } catch (const std::exception&) {
    if (self != threads_.end()) threads_.erase(self);
    if (!threads_.empty()) return;
    queue_.pop_back();
    throw;
  }
}

// Called under the lock.
void WorkerPool::update_busy() { busy_ = idle_ < queue_.size() && threads_.size() >= max_threads_; }

void WorkerPool::run(std::list<std::thread>::iterator self) {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    bool called =
        work_added_.wait_for(lock, kIdleLife, [this] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty()) {
      if (stopping_ || (!called && threads_.size() > 1)) break;
      continue;
    }
    std::unique_ptr<Connection> connection = std::move(queue_.front());
    queue_.pop_front();
    update_busy();
    lock.unlock();
    work_(std::move(connection));
    lock.lock();
  }
  ended_.splice(ended_.end(), threads_, self);
  thread_ended_.notify_one();
}

}  // namespace millrace
