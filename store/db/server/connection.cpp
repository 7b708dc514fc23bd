#include "store/db/server/connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace millrace {
namespace {

template <class Number>
Number parse_number(const char* text, std::size_t size) {
  Number number{};
  const char* begin = size > 0 && *text == '+' ? text + 1 : text;
  const auto [end, error] = std::from_chars(begin, text + size, number);
  if (error != std::errc() || end == begin) {
    throw Error(ErrorCode::InternalError, "The database gave text where a number is expected.");
  }
  return number;
}

}  // namespace

SocketEnd::SocketEnd(int socket) : socket_(socket < 0 ? -1 : ::fcntl(socket, F_DUPFD_CLOEXEC, 0)) {
  if (socket >= 0 && socket_ < 0) {
    throw DatabaseFailure({Failure::Unreachable}, std::strerror(errno));
  }
}

SocketEnd::~SocketEnd() {
  if (socket_ >= 0) ::close(socket_);
}

SocketEnd::SocketEnd(SocketEnd&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

SocketEnd& SocketEnd::operator=(SocketEnd&& other) noexcept {
  std::swap(socket_, other.socket_);
  return *this;
}

void SocketEnd::cut_off() const noexcept { ::shutdown(socket_, SHUT_RDWR); }

void SocketEnd::stop_listening() const noexcept { ::shutdown(socket_, SHUT_RD); }

bool SocketEnd::is_closed() const noexcept {
  pollfd state{.fd = socket_, .events = POLLRDHUP, .revents = 0};
  return ::poll(&state, 1, 0) > 0;
}

void Connection::cut_off() noexcept {
  socket_.cut_off();
  end_on_server();
}

void Connection::stop_listening() const noexcept { socket_.stop_listening(); }

void Connection::give_up() noexcept {
  is_broken_ = true;
  socket_.cut_off();
}

void set_cell(Session::Cell& cell, Session::ColumnType type, const char* text, std::size_t size) {
  cell.null = text == nullptr;
  if (cell.null) return;
  switch (type) {
    case Session::ColumnType::Text:
      cell.text = {text, size};
      break;
    case Session::ColumnType::Integer:
      if (size == 1 && (*text == 't' || *text == 'f')) {
        cell.integer = *text == 't' ? 1 : 0;
      } else {
        cell.integer = parse_number<long long>(text, size);
      }
      break;
    case Session::ColumnType::Real:
      cell.real = parse_number<double>(text, size);
      break;
  }
}

void check_columns(std::size_t given, std::size_t wanted) {
  if (given != wanted) {
    throw Error(ErrorCode::InternalError, "A statement was used with the wrong number of columns.");
  }
}

}  // namespace millrace
