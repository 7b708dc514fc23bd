// One client connection: heads in, exchanges out, in order; keep-alive, pipelining, the orderly
// end. It holds no thread while it waits for its client, be it for a request, for room for the
// reply or for the end: serve() returns, and the connection is parked until it can go on. Only a
// body that is too large to be awaited is read on a thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/http/connection_exchange.h"
#include "api/http/connection_socket.h"
#include "api/http/memory_budget.h"
#include "api/http/reply_writer.h"

namespace millrace {

class Connection {
 public:
  using Clock = std::chrono::steady_clock;

  // `descriptor` is a connected stream socket.
  Connection(Descriptor descriptor, ConnectionContext& context);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Whoever serves: `handles` tells, of a request that has come, whether it is his; `busy`, asked
  // again and again, whether others need the thread.
  struct Desk {
    std::function<bool(const Connection&)> handles;
    std::function<bool()> busy;
  };
  enum class Next { Close, Park, Requeue };
  // Goes on as far as it can without the client. Park: until there is what awaited() says, or it is
  // overdue. Requeue: it can go on, at another desk, or when others who have waited longer had
  // their turn.
  Next serve(const Desk& desk);

  int fd() const { return socket_.fd(); }
  short awaited() const { return socket_.awaited(); }
  // Of the request that has come: null if there is none, and whether its handler will have to wait
  // for the body.
  const RequestHead* head() const { return head_ ? &*head_ : nullptr; }
  bool is_transfer() const { return head_ && !whole_; }
  // The next request is still to come, or is coming.
  bool is_receiving() const { return stage_ == Stage::Receiving; }
  // Refuses the request that has come, for the moment: serve() then sends the reply.
  void turn_away();
  // A parked one is to be closed: the client is too slow, or the server stops and has nothing left
  // to do here.
  bool is_overdue(Clock::time_point now) const;
  // When descriptors are short, the least of all parked ones is closed: the oldest between two
  // requests, else the one whose request has been coming for the longest time, else the oldest
  // reply.
  std::pair<int, Clock::time_point> worth() const;

 private:
  enum class Stage { Receiving, Sending, Skipping, Draining };
  enum class Arrival { Complete, Incomplete, Refused, TooMuch, Closed };
  // Each goes on in one stage; nothing: in another one.
  std::optional<Next> receive(const Desk& desk);
  std::optional<Next> send(const Desk& desk);
  std::optional<Next> skip(const Desk& desk);
  std::optional<Next> drain(const Desk& desk);

  Arrival read_request(const std::function<bool()>& busy);
  bool take_head();
  bool may_begin();
  bool may_keep();
  void note_bytes(bool fresh);
  void time_body();
  std::optional<Next> handle();
  void refuse(HttpResponse reply);
  void begin(Stage stage, std::chrono::milliseconds limit);
  // Waits for the client to close, too.
  std::optional<Next> end();
  bool between_requests() const;

  ConnectionContext& context_;
  ConnectionSocket socket_;
  const Counted counted_;
  const std::string peer_;
  MemoryBudget::Share share_;
  Stage stage_ = Stage::Receiving;
  bool kept_ = false;                // a request has been answered here
  std::size_t searched_ = 0;         // of the input, for the end of the head
  std::optional<RequestHead> head_;  // of the request whose body is awaited
  std::size_t head_size_ = 0;        // in memory
  ChunkDecoder chunks_;              // finds the end of an awaited body
  std::size_t scanned_ = 0;          // of the input, by chunks_
  bool whole_ = false;               // all of the request is here
  std::unique_ptr<Exchange> exchange_;
  std::optional<ReplyWriter> reply_;
  Clock::time_point since_;       // in this stage; of a request: since its first byte
  Clock::time_point deadline_;    // of a parked one
  Clock::time_point body_began_;  // of head_
  Clock::time_point moved_;       // the last byte of the request
};

}  // namespace millrace
