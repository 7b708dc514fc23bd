// One client connection: heads in, exchanges out, in order; keep-alive, pipelining, the orderly
// end. It holds no thread while it waits: serve() returns, and the connection is parked until bytes
// come. Nor does it hold one while a request arrives, unless its body is large.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "api/http/connection_body.h"
#include "api/http/connection_socket.h"
#include "api/http/exchange.h"

namespace millrace {

// What uvicorn answers when the application fails.
HttpResponse internal_error();

class Exchange;

// What all connections of a server have in common. Outlives them.
struct ConnectionContext {
  ConnectionLimits limits;
  StopSignal stop;
  // Handles one exchange, the writing of its reply included.
  std::function<void(Exchange&)> respond;
  // The number of connections.
  std::atomic<std::size_t> open{0};
  // Bytes of requests that have not arrived completely.
  std::atomic<std::size_t> held{0};
};

// One request and what becomes of its reply.
class Exchange {
 public:
  Exchange(ConnectionSocket& socket, const ConnectionContext& context, RequestHead head,
           const std::string& peer);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  HttpRequest& request() { return request_; }
  ConnectionSocket& socket() { return socket_; }
  bool is_head() const { return request_.method == "HEAD"; }
  // Nobody is there to take a reply.
  bool client_gone() const { return body_.state() == ConnectionBody::State::Gone; }

  // Turns what the handler returned into exactly what goes out (see HttpResponse).
  void complete(HttpResponse reply);
  HttpResponse& response() { return response_; }
  // To be called after the reply: reads over the rest of the body. False: the connection must end.
  bool skip_body() { return keep_ && body_.skip(context_.limits.skipped_bytes); }
  // The client may still be sending what nobody will read.
  bool has_unread() const {
    return body_.state() != ConnectionBody::State::Ended || !socket_.input().empty();
  }
  // The reply could not be sent.
  void give_up() { keep_ = false; }

 private:
  ConnectionSocket& socket_;
  const ConnectionContext& context_;
  bool http11_;
  bool keep_;
  ConnectionBody body_;
  HttpRequest request_;
  HttpResponse response_;
};

class Connection {
 public:
  // Takes over `fd`, a connected stream socket.
  Connection(int fd, ConnectionContext& context);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  enum class Next { Close, Park, Requeue };
  // Answers what has arrived. Park: wait for bytes, until deadline(). Requeue: bytes are there, but
  // others have waited longer: `busy` tells, asked before each exchange, whether threads are short.
  Next serve(const std::function<bool()>& busy);

  int fd() const { return socket_.fd(); }
  // When a parked connection is to be closed.
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }
  // Not within a request: a parked one may be closed when descriptors are short.
  bool between_requests() const { return !head_ && socket_.input().empty(); }

 private:
  enum class Arrival { Complete, Incomplete, Refused, Closed };
  Arrival read_request(const std::function<bool()>& busy);
  bool take_head();
  bool body_arrived();
  std::chrono::steady_clock::time_point body_deadline() const;
  bool may_hold();
  void hold(std::size_t size);
  void refuse();

  ConnectionContext& context_;
  ConnectionSocket socket_;
  std::string peer_;
  std::size_t searched_ = 0;         // of the input, for the end of the head
  std::optional<RequestHead> head_;  // of the request whose body is awaited
  std::size_t head_size_ = 0;        // in memory
  ChunkDecoder chunks_;              // finds the end of an awaited body
  std::size_t scanned_ = 0;          // of the input, by chunks_
  std::size_t held_ = 0;             // our part of context_.held
  std::chrono::steady_clock::time_point deadline_;
  std::chrono::steady_clock::time_point body_began_;  // of head_
};

}  // namespace millrace
