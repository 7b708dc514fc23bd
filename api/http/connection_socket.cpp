#include "api/http/connection_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
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

void StopSignal::request() {
  Clock::rep never = kNever;  // a second request does not prolong the first
  requested_at_.compare_exchange_strong(never, Clock::now().time_since_epoch().count(),
                                        std::memory_order_relaxed);
}

bool StopSignal::expired(std::chrono::milliseconds grace) const {
  Clock::rep requested_at = requested_at_.load(std::memory_order_relaxed);
  return requested_at != kNever &&
         Clock::now() > Clock::time_point(Clock::duration(requested_at)) + grace;
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

bool ConnectionSocket::peer_has_closed() const {
  pollfd state{fd_, POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
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

Clock::duration ConnectionSocket::time_left(const Transfer& transfer) const {
  std::chrono::milliseconds earned(transfer.bytes * 1000 / limits_.transfer_rate);
  return limits_.transfer + earned - transfer.waited;
}

std::size_t ConnectionSocket::receive_within(char* buffer, std::size_t size,
                                             Clock::duration limit) {
  Clock::time_point deadline{};
  for (;;) {
    ssize_t got = ::recv(fd_, buffer, size, 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0 || !is_tick(errno) || stop_.expired(limits_.stop_body)) return 0;
    Clock::time_point now = Clock::now();
    if (deadline == Clock::time_point{}) deadline = now + limit;
    if (now >= deadline) return 0;
  }
}

std::size_t ConnectionSocket::receive(char* buffer, std::size_t size) {
  Clock::duration limit = std::min<Clock::duration>(limits_.body, time_left(received_));
  if (limit <= Clock::duration::zero() || stop_.expired(limits_.stop_body)) return 0;
  Clock::time_point begin = Clock::now();
  std::size_t got = receive_within(buffer, size, limit);
  received_.waited += Clock::now() - begin;
  received_.bytes += got;
  return got;
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
  Clock::time_point moved = Clock::now();
  for (Clock::time_point begin = moved; left > 0;) {
    // A reply may still begin after the grace, but it is not waited for.
    if (sent_.bytes > 0 && stop_.expired(limits_.stop)) return false;
    ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (sent < 0 && !is_tick(errno)) return false;
    Clock::time_point now = Clock::now();
    sent_.waited += now - begin;
    begin = now;
    if (sent < 0) {
      if (now - moved >= limits_.write || time_left(sent_) <= Clock::duration::zero() ||
          stop_.expired(limits_.stop)) {
        return false;
      }
      continue;
    }
    moved = now;
    left -= static_cast<std::size_t>(sent);
    sent_.bytes += static_cast<std::uint64_t>(sent);
    if (left > 0 && time_left(sent_) <= Clock::duration::zero()) return false;
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
