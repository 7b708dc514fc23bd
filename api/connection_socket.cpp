#include "api/connection_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace millrace {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReceiveSize = 16 * 1024;
constexpr std::chrono::milliseconds kSendTick{1000};

void set_timeout(int fd, int option, std::chrono::milliseconds time) {
  timeval value{};
  value.tv_sec = time.count() / 1000;
  value.tv_usec = (time.count() % 1000) * 1000;
  ::setsockopt(fd, SOL_SOCKET, option, &value, sizeof value);
}

bool is_tick(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

void StopSignal::request(std::chrono::milliseconds grace) {
  deadline_.store((Clock::now() + grace).time_since_epoch().count(), std::memory_order_relaxed);
}

bool StopSignal::expired() const {
  Clock::rep deadline = deadline_.load(std::memory_order_relaxed);
  return deadline != kNever && Clock::now().time_since_epoch().count() > deadline;
}

ConnectionSocket::ConnectionSocket(int fd, const ConnectionLimits& limits, const StopSignal& stop)
    : fd_(fd), limits_(limits), stop_(stop) {
  set_timeout(fd_, SO_RCVTIMEO, limits_.linger);
  set_timeout(fd_, SO_SNDTIMEO, kSendTick);
}

ConnectionSocket::~ConnectionSocket() { ::close(fd_); }

std::string ConnectionSocket::peer() const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  const void* ip = nullptr;
  if (address.ss_family == AF_INET) ip = &reinterpret_cast<sockaddr_in*>(&address)->sin_addr;
  if (address.ss_family == AF_INET6) ip = &reinterpret_cast<sockaddr_in6*>(&address)->sin6_addr;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (ip == nullptr || ::inet_ntop(address.ss_family, ip, text.data(), text.size()) == nullptr)
    return {};
  return text.data();
}

void ConnectionSocket::consume(std::size_t size) {
  consumed_ += size;
  if (consumed_ < input_.size()) return;
  input_.clear();
  consumed_ = 0;
}

void ConnectionSocket::release_input() {
  if (input_.empty()) std::string().swap(input_);
}

ConnectionSocket::Filled ConnectionSocket::fill(bool linger) {
  std::array<char, kReceiveSize> buffer;
  ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), linger ? 0 : MSG_DONTWAIT);
  if (got < 0 && is_tick(errno)) return Filled::Nothing;
  if (got <= 0) return Filled::End;
  if (consumed_ > 0) {
    input_.erase(0, consumed_);
    consumed_ = 0;
  }
  input_.append(buffer.data(), static_cast<std::size_t>(got));
  return Filled::Bytes;
}

std::size_t ConnectionSocket::receive_within(char* buffer, std::size_t size,
                                             Clock::duration limit) {
  Clock::time_point deadline{};
  for (;;) {
    ssize_t got = ::recv(fd_, buffer, size, 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0 || !is_tick(errno) || stop_.expired()) return 0;
    Clock::time_point now = Clock::now();
    if (deadline == Clock::time_point{}) deadline = now + limit;
    if (now >= deadline) return 0;
  }
}

std::size_t ConnectionSocket::receive(char* buffer, std::size_t size) {
  return receive_within(buffer, size, limits_.body);
}

bool ConnectionSocket::await_input() {
  std::array<char, kReceiveSize> buffer;
  std::size_t got = receive(buffer.data(), buffer.size());
  input_.append(buffer.data(), got);
  return got > 0;
}

bool ConnectionSocket::send(std::string_view first, std::string_view second) {
  std::array<iovec, 2> parts{};
  parts[0] = {const_cast<char*>(first.data()), first.size()};
  parts[1] = {const_cast<char*>(second.data()), second.size()};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = second.empty() ? 1 : 2;
  std::size_t left = first.size() + second.size();
  Clock::time_point deadline{};
  while (left > 0) {
    ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (!is_tick(errno) || stop_.expired()) return false;
      Clock::time_point now = Clock::now();
      if (deadline == Clock::time_point{}) deadline = now + limits_.write;
      if (now >= deadline) return false;
      continue;
    }
    deadline = {};
    left -= static_cast<std::size_t>(sent);
    for (iovec& part : parts) {
      std::size_t done = std::min(static_cast<std::size_t>(sent), part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + done;
      part.iov_len -= done;
      sent -= static_cast<ssize_t>(done);
    }
  }
  return true;
}

void ConnectionSocket::drain() {
  ::shutdown(fd_, SHUT_WR);
  std::array<char, kReceiveSize> buffer;
  Clock::time_point deadline = Clock::now() + limits_.drain;
  for (std::size_t total = 0; total < limits_.drained_bytes && !stop_.requested();) {
    Clock::time_point now = Clock::now();
    if (now >= deadline) return;
    std::size_t got = receive_within(buffer.data(), buffer.size(), deadline - now);
    if (got == 0) return;
    total += got;
  }
}

}  // namespace millrace
