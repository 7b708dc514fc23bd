#include "api/http/connection_parking.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

namespace millrace {

namespace {

constexpr int kOverdueCheckMs = 1000;

int checked(int descriptor, const char* what) {
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), what);
  return descriptor;
}

}  // namespace

ConnectionParking::ConnectionParking(Wake wake, std::function<void()> look_after)
    : wake_(std::move(wake)),
      look_after_(std::move(look_after)),
      epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      stop_event_(checked(::eventfd(0, EFD_CLOEXEC), "eventfd")) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = stop_event_;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, stop_event_, &event);
  watcher_ = std::thread([this] { watch(); });
}

ConnectionParking::~ConnectionParking() {
  stop();
  ::close(stop_event_);
  ::close(epoll_);
}

void ConnectionParking::park(std::unique_ptr<Connection> connection) {
  int fd = connection->fd();
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  epoll_event event{};
  event.events = EPOLLONESHOT;
  // A client that has ended its side may still take its reply.
  event.events |= connection->awaited() == POLLOUT ? EPOLLOUT : EPOLLIN | EPOLLRDHUP;
  event.data.fd = fd;
  // The set forgets a descriptor when it is closed: the first time is ADD, later ones are MOD.
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0 &&
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    return;
  }
  parked_[fd] = std::move(connection);
}

bool ConnectionParking::close_least() {
  std::lock_guard lock(mutex_);
  auto least = std::min_element(parked_.begin(), parked_.end(), [](const auto& a, const auto& b) {
    return a.second->worth() < b.second->worth();
  });
  if (least == parked_.end()) return false;
  parked_.erase(least);
  return true;
}

void ConnectionParking::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  if (watcher_.joinable()) {
    ::eventfd_write(stop_event_, 1);
    watcher_.join();
  }
  std::lock_guard lock(mutex_);
  parked_.clear();
}

std::unique_ptr<Connection> ConnectionParking::take(int fd) {
  std::lock_guard lock(mutex_);
  auto found = parked_.find(fd);
  if (found == parked_.end()) return nullptr;
  std::unique_ptr<Connection> connection = std::move(found->second);
  parked_.erase(found);
  return connection;
}

void ConnectionParking::watch() {
  std::array<epoll_event, 64> events{};
  auto last_check = std::chrono::steady_clock::now();
  for (;;) {
    int count =
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kOverdueCheckMs);
    for (int i = 0; i < count; ++i) {
      int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == stop_event_) return;
      // A descriptor that was closed and given out again meanwhile may be woken for nothing: it is
      // parked again.
      std::unique_ptr<Connection> connection = take(fd);
      if (!connection) continue;
      try {
        wake_(std::move(connection));
      } catch (const std::exception&) {
        // Out of memory or threads: this connection ends, the others go on.
      }
    }
    auto now = std::chrono::steady_clock::now();
    if (now - last_check < std::chrono::milliseconds(kOverdueCheckMs)) continue;
    last_check = now;
    close_overdue();
    look_after_();
  }
}

void ConnectionParking::close_overdue() {
  auto now = std::chrono::steady_clock::now();
  std::lock_guard lock(mutex_);
  std::erase_if(parked_, [now](const auto& entry) { return entry.second->is_overdue(now); });
}

}  // namespace millrace
