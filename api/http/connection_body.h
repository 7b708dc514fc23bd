// The body of the request that a connection is answering.
#pragma once

#include "api/http/connection_chunks.h"
#include "api/http/connection_socket.h"
#include "api/http/exchange.h"
#include "api/http/head.h"
#include "api/http/memory_budget.h"

namespace millrace {

class ConnectionBody : public RequestBody {
 public:
  // All of them outlive it.
  ConnectionBody(ConnectionSocket& socket, MemoryBudget::Share& share, const RequestHead& head);

  // Throws Error (BadRequest) when the client is gone or too slow, or its framing is wrong; the
  // connection then ends, whatever the handler makes of it. Throws Overloaded when it is too slow
  // only because others wait (GaveWay). Throws BadRequest, too, where the client waits
  // for `100 Continue` (Unasked): the reply is then dropped, and the request is handled anew when
  // the body comes.
  std::size_t read(char* buffer, std::size_t size) override;
  void keep(std::size_t size) override;

  enum class State { Open, Ended, Malformed, Gone, GaveWay, Unasked };
  State state() const { return state_; }

  // True when no reading is left or the unread rest may be skipped: at most `limit` bytes as far as
  // known, and the client does not wait for a permission to send it.
  bool can_skip(std::size_t limit) const;
  enum class Skipped { All, Some, Failed };
  // Goes over what has come of the rest. Failed: the rest is more than `limit` bytes, or wrong.
  Skipped skip(std::size_t limit);

 private:
  std::size_t read_plain(char* buffer, std::size_t size);
  std::size_t read_chunked(char* buffer, std::size_t size);
  // From the input alone; 0 when it is used up, too.
  std::size_t take(char* buffer, std::size_t size);
  std::size_t fail(State state);
  // The socket has received nothing.
  std::size_t fail_without_bytes();

  ConnectionSocket& socket_;
  MemoryBudget::Share& share_;
  bool chunked_;
  bool owes_continue_;
  std::uint64_t left_;
  std::size_t skipped_ = 0;
  ChunkDecoder chunks_;
  State state_ = State::Open;
};

}  // namespace millrace
