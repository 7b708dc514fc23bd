#include "api/http/connection_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
// Of what is not on its way yet: a reader who takes nothing would else have it keep 4 MiB.
constexpr int kKernelKeeps = 256 * 1024;

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

bool StopSignal::expired(std::chrono::milliseconds grace, Clock::time_point moved) const {
  const Clock::rep requested_at = requested_at_.load(std::memory_order_relaxed);
  if (requested_at == kNever) return false;
  return Clock::now() > std::max(moved, Clock::time_point(Clock::duration(requested_at))) + grace;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

ConnectionSocket::ConnectionSocket(Descriptor descriptor, const ConnectionLimits& limits,
                                   const StopSignal& stop, const TlsIdentity* tls,
                                   const std::function<bool()>& crowded)
    : descriptor_(std::move(descriptor)),
      tls_(tls == nullptr ? nullptr : tls->begin(fd())),
      limits_(limits),
      stop_(stop),
      crowded_(crowded),
      awaited_(POLLIN) {
  set_timeout(fd(), SO_RCVTIMEO, limits_.linger);
  ::setsockopt(fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kKernelKeeps, sizeof kKernelKeeps);
}

std::string ConnectionSocket::peer() const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(fd(), reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  const void* ip = nullptr;
  if (address.ss_family == AF_INET) ip = &reinterpret_cast<sockaddr_in*>(&address)->sin_addr;
  if (address.ss_family == AF_INET6) ip = &reinterpret_cast<sockaddr_in6*>(&address)->sin6_addr;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (ip == nullptr || ::inet_ntop(address.ss_family, ip, text.data(), text.size()) == nullptr)
    return {};
  return text.data();
}

bool ConnectionSocket::peer_has_closed() const {
  pollfd state{fd(), POLLRDHUP, 0};
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

ssize_t ConnectionSocket::read(char* buffer, std::size_t size, bool linger) {
  if (tls_) {
    const ssize_t got = tls_->read(buffer, size, linger);
    awaited_ = tls_->awaited();
    return got;
  }
  awaited_ = POLLIN;
  const ssize_t got = ::recv(fd(), buffer, size, linger ? 0 : MSG_DONTWAIT);
  if (got < 0 && is_tick(errno)) return kLater;
  return std::max<ssize_t>(got, 0);
}

ConnectionSocket::Filled ConnectionSocket::fill(bool linger) {
  std::array<char, kReceiveSize> buffer;
  const ssize_t got = read(buffer.data(), buffer.size(), linger);
  if (got == kLater) return Filled::Nothing;
  if (got == 0) return Filled::End;
  if (consumed_ > 0) {
    input_.erase(0, consumed_);
    consumed_ = 0;
  }
  input_.append(buffer.data(), static_cast<std::size_t>(got));
  return Filled::Bytes;
}

ConnectionSocket::Filled ConnectionSocket::discard() {
  std::array<char, kReceiveSize> buffer;
  awaited_ = POLLIN;
  const ssize_t got = ::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && is_tick(errno)) return Filled::Nothing;
  if (got <= 0) return Filled::End;
  discarded_ += static_cast<std::size_t>(got);
  return discarded_ < limits_.drained_bytes ? Filled::Bytes : Filled::End;
}

Clock::duration ConnectionSocket::patience(std::size_t rate) const {
  const std::chrono::milliseconds earned(received_.bytes * 1000 / rate);
  return std::min<Clock::duration>(limits_.body, limits_.transfer + earned - received_.waited);
}

std::size_t ConnectionSocket::receive(char* buffer, std::size_t size) {
  const Clock::time_point begin = Clock::now();
  ssize_t got = kLater;
  while (got == kLater) {
    const Clock::duration waited = Clock::now() - begin;
    if (waited >= patience(limits_.transfer_rate) || stop_.expired(limits_.stop_body, begin) ||
        stop_.expired(limits_.stop)) {
      return 0;
    }
    if (crowded_() && waited >= patience(limits_.crowded_rate)) {
      gave_way_ = true;
      return 0;
    }
    got = read(buffer, size, true);
  }
  received_.waited += Clock::now() - begin;
  received_.bytes += static_cast<std::size_t>(got);
  return static_cast<std::size_t>(got);
}

bool ConnectionSocket::await_input() {
  std::array<char, kReceiveSize> buffer;
  const std::size_t got = receive(buffer.data(), buffer.size());
  input_.append(buffer.data(), got);
  return got > 0;
}

std::optional<std::size_t> ConnectionSocket::send(std::string_view first, std::string_view second) {
  if (tls_) return send_tls(first, second);
  std::array<iovec, 2> parts{};
  parts[0] = {const_cast<char*>(first.data()), first.size()};
  parts[1] = {const_cast<char*>(second.data()), second.size()};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  awaited_ = POLLOUT;
  const ssize_t sent = ::sendmsg(fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  return is_tick(errno) ? std::optional<std::size_t>(0) : std::nullopt;
}

std::optional<std::size_t> ConnectionSocket::send_tls(std::string_view first,
                                                      std::string_view second) {
  std::size_t sent = 0;
  while (!first.empty() || !second.empty()) {
    const ssize_t part = tls_->write(first, second);
    awaited_ = tls_->awaited();
    if (part == TlsSession::kLater) break;
    if (part == 0) return std::nullopt;
    const auto size = static_cast<std::size_t>(part);
    const std::size_t of_first = std::min(size, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(size - of_first);
    sent += size;
  }
  return sent;
}

void ConnectionSocket::end() {
  if (tls_) tls_->end();
  ::shutdown(fd(), SHUT_WR);
}

}  // namespace millrace
