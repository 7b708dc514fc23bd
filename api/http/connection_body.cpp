#include "api/http/connection_body.h"

#include <algorithm>
#include <array>

#include "store/common/error.h"

namespace millrace {

ConnectionBody::ConnectionBody(ConnectionSocket& socket, const RequestHead& head)
    : socket_(socket),
      chunked_(head.chunked),
      owes_continue_(head.expects_continue),
      left_(head.content_length) {
  if (!chunked_ && left_ == 0) state_ = State::Ended;
}

std::size_t ConnectionBody::read(char* buffer, std::size_t size) {
  if (state_ == State::Ended || size == 0) return 0;
  if (state_ == State::Open && owes_continue_) {
    owes_continue_ = false;
    if (!socket_.send("HTTP/1.1 100 Continue\r\n\r\n")) fail(State::Gone);
  }
  std::size_t got = 0;
  if (state_ == State::Open) got = chunked_ ? read_chunked(buffer, size) : read_plain(buffer, size);
  if (state_ == State::Malformed)
    throw Error(ErrorCode::BadRequest, "Invalid HTTP request received.");
  if (state_ == State::Gone)
    throw Error(ErrorCode::BadRequest, "The client broke off its request.");
  return got;
}

std::size_t ConnectionBody::read_plain(char* buffer, std::size_t size) {
  std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(left_, size));
  std::string_view input = socket_.input();
  if (!input.empty()) {
    part = std::min(part, input.size());
    std::copy_n(input.data(), part, buffer);
    socket_.consume(part);
  } else {
    part = socket_.receive(buffer, part);
    if (part == 0) return fail(State::Gone);
  }
  left_ -= part;
  if (left_ == 0) state_ = State::Ended;
  return part;
}

std::size_t ConnectionBody::read_chunked(char* buffer, std::size_t size) {
  for (;;) {
    ChunkDecoder::Step step = chunks_.decode(socket_.input(), buffer, size);
    socket_.consume(step.consumed);
    if (chunks_.ended()) state_ = State::Ended;
    // Bytes that came before the fault are not handed on: the request fails as a whole.
    if (chunks_.failed()) return fail(State::Malformed);
    if (step.produced > 0 || chunks_.ended()) return step.produced;
    if (!socket_.await_input()) return fail(State::Gone);
  }
}

std::size_t ConnectionBody::fail(State state) {
  state_ = state;
  return 0;
}

bool ConnectionBody::can_skip(std::size_t limit) const {
  // Without our permission the body comes later, or never: what follows the head would be
  // ambiguous.
  bool client_waits = owes_continue_ && socket_.input().empty();
  return state_ == State::Ended || (state_ == State::Open && !client_waits && left_ <= limit);
}

bool ConnectionBody::skip(std::size_t limit) {
  std::array<char, 8 * 1024> buffer;
  for (std::size_t total = 0; state_ == State::Open && total <= limit;) {
    total += chunked_ ? read_chunked(buffer.data(), buffer.size())
                      : read_plain(buffer.data(), buffer.size());
  }
  return state_ == State::Ended;
}

}  // namespace millrace
