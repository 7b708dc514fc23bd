// The body of the request that a connection is answering.
#pragma once

#include "api/http/connection_chunks.h"
#include "api/http/connection_socket.h"
#include "api/http/exchange.h"
#include "api/http/head.h"

namespace millrace {

class ConnectionBody : public RequestBody {
 public:
  ConnectionBody(ConnectionSocket& socket, const RequestHead& head);

  // Answers `Expect: 100-continue` on the first call. Throws Error (BadRequest) when the client is
  // gone or too slow, or its framing is wrong; the connection then ends, whatever the handler makes
  // of it.
  std::size_t read(char* buffer, std::size_t size) override;

  enum class State { Open, Ended, Malformed, Gone };
  State state() const { return state_; }

  // True when no reading is left or the unread rest may be skipped: at most `limit` bytes as far as
  // known, and the client does not wait for a permission to send it.
  bool can_skip(std::size_t limit) const;
  // Reads on to the end; false when that takes more than `limit` bytes or fails.
  bool skip(std::size_t limit);

 private:
  std::size_t read_plain(char* buffer, std::size_t size);
  std::size_t read_chunked(char* buffer, std::size_t size);
  std::size_t fail(State state);

  ConnectionSocket& socket_;
  bool chunked_;
  bool owes_continue_;
  std::uint64_t left_;
  ChunkDecoder chunks_;
  State state_ = State::Open;
};

}  // namespace millrace
