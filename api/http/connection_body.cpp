#include "api/http/connection_body.h"

#include <algorithm>
#include <array>

#include "store/common/error.h"

namespace millrace {

ConnectionBody::ConnectionBody(ConnectionSocket& socket, MemoryBudget::Share& share,
                               const RequestHead& head)
    : socket_(socket),
      share_(share),
      chunked_(head.chunked),
      owes_continue_(head.expects_continue),
      left_(head.content_length) {
  if (!chunked_ && left_ == 0) state_ = State::Ended;
}

std::size_t ConnectionBody::read(char* buffer, std::size_t size) {
  if (state_ == State::Ended || size == 0) return 0;
  if (state_ == State::Open && owes_continue_) fail(State::Unasked);
  std::size_t got = 0;
  if (state_ == State::Open) got = chunked_ ? read_chunked(buffer, size) : read_plain(buffer, size);
  switch (state_) {
    case State::Open:
    case State::Ended:
      return got;
    case State::Malformed:
      throw Error(ErrorCode::BadRequest, "Invalid HTTP request received.");
    case State::Gone:
      throw Error(ErrorCode::BadRequest, "The client broke off its request.");
    case State::GaveWay:
      throw Error(ErrorCode::Overloaded,
                  "Too many requests send large bodies, and this one comes too slowly to let "
                  "others wait for it. Try again later.");
    case State::Unasked:
      break;
  }
  throw Error(ErrorCode::BadRequest, "The client has not been asked for the body yet.");
}

void ConnectionBody::keep(std::size_t size) {
  share_.add(size);
  if (!share_.fits()) {
    throw Error(ErrorCode::Overloaded,
                "The server has no memory left for the body of this request, beside those of "
                "others. Try again later.");
  }
}

std::size_t ConnectionBody::take(char* buffer, std::size_t size) {
  std::size_t produced = 0;
  if (chunked_) {
    const ChunkDecoder::Step step = chunks_.decode(socket_.input(), buffer, size);
    socket_.consume(step.consumed);
    if (chunks_.ended()) state_ = State::Ended;
    // Bytes that came before the fault are not handed on: the request fails as a whole.
    if (chunks_.failed()) return fail(State::Malformed);
    produced = step.produced;
  } else {
    produced = std::min(
        {static_cast<std::size_t>(std::min<std::uint64_t>(left_, size)), socket_.input().size()});
    socket_.input().copy(buffer, produced);
    socket_.consume(produced);
    left_ -= produced;
    if (left_ == 0) state_ = State::Ended;
  }
  return produced;
}

std::size_t ConnectionBody::read_plain(char* buffer, std::size_t size) {
  if (!socket_.input().empty()) return take(buffer, size);
  const std::size_t got =
      socket_.receive(buffer, static_cast<std::size_t>(std::min<std::uint64_t>(left_, size)));
  if (got == 0) return fail_without_bytes();
  left_ -= got;
  if (left_ == 0) state_ = State::Ended;
  return got;
}

std::size_t ConnectionBody::read_chunked(char* buffer, std::size_t size) {
  for (;;) {
    const std::size_t produced = take(buffer, size);
    if (produced > 0 || state_ != State::Open) return produced;
    if (!socket_.await_input()) return fail_without_bytes();
  }
}

std::size_t ConnectionBody::fail(State state) {
  state_ = state;
  return 0;
}

std::size_t ConnectionBody::fail_without_bytes() {
  return fail(socket_.gave_way() ? State::GaveWay : State::Gone);
}

bool ConnectionBody::can_skip(std::size_t limit) const {
  // Without our permission the body comes later, or never: what follows the head would be
  // ambiguous.
  const bool client_waits = owes_continue_ && socket_.input().empty();
  return state_ == State::Ended || (state_ == State::Open && !client_waits && left_ <= limit);
}

ConnectionBody::Skipped ConnectionBody::skip(std::size_t limit) {
  std::array<char, 8 * 1024> buffer;
  while (state_ == State::Open && skipped_ <= limit) {
    skipped_ += take(buffer.data(), buffer.size());
    if (state_ != State::Open || !socket_.input().empty()) continue;
    const ConnectionSocket::Filled filled = socket_.fill(false);
    if (filled == ConnectionSocket::Filled::Nothing) return Skipped::Some;
    if (filled == ConnectionSocket::Filled::End) fail(State::Gone);
  }
  return state_ == State::Ended ? Skipped::All : Skipped::Failed;
}

}  // namespace millrace
