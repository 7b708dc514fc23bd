// The socket of one client: buffered reading, whole writes, an orderly end. Owns the descriptor.
// Waits in short ticks, so that a thread notices in time that the server stops.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

// How long and how much a connection may take.
struct ConnectionLimits {
  // Request line and headers together: 64 KB of target and 60 KB of headers pass.
  std::size_t head_bytes = 128 * 1024;
  std::size_t headers = 1000;
  // Unread rest of a body for which the connection is kept.
  std::size_t skipped_bytes = 1 << 20;
  // Thrown away before a close on unread bytes, so that the client gets its reply.
  std::size_t drained_bytes = 64 << 20;
  std::chrono::milliseconds drain{2'000};
  // A thread stays with its connection so long for the next request.
  std::chrono::milliseconds linger{50};
  // Between requests: longer than the 60 s of the usual load balancers, which must be the first to
  // close.
  std::chrono::milliseconds idle{75'000};
  // From a head's first byte to its last.
  std::chrono::milliseconds head{10'000};
  // A body up to this size, or a chunked one with its framing, gets a thread when all of it is
  // here.
  std::size_t awaited_body_bytes = 256 * 1024;
  // What all connections together may hold of incomplete requests. Beyond it, one that holds more
  // than an equal share is closed when it waits for more.
  std::size_t held_bytes = 64 << 20;
  // Without a byte of the body, and without a byte of the reply taken.
  std::chrono::milliseconds body{60'000};
  std::chrono::milliseconds write{60'000};
  // A client's time to send the body of one request, and to take the reply: so long, and a second
  // more for each `transfer_rate` bytes that it has moved. No limit in all: 1 KB/s may go on for
  // ever, a byte a minute may not.
  std::chrono::milliseconds transfer{30'000};
  std::size_t transfer_rate = 512;
  // When the server stops: for requests being handled (container runtimes kill after ten seconds),
  // and for those that have not arrived completely.
  std::chrono::milliseconds stop{8'000};
  std::chrono::milliseconds stop_body{2'000};
};

// Tells every connection that the server stops.
class StopSignal {
 public:
  void request();
  bool requested() const { return requested_at_.load(std::memory_order_relaxed) != kNever; }
  // Requested longer than `grace` ago: break off.
  bool expired(std::chrono::milliseconds grace) const;

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::rep kNever = Clock::duration::max().count();
  std::atomic<Clock::rep> requested_at_{kNever};
};

class ConnectionSocket {
 public:
  // Takes over `fd`, a connected stream socket.
  ConnectionSocket(int fd, const ConnectionLimits& limits, const StopSignal& stop);
  ~ConnectionSocket();
  ConnectionSocket(const ConnectionSocket&) = delete;
  ConnectionSocket& operator=(const ConnectionSocket&) = delete;

  int fd() const { return fd_; }
  std::string peer() const;
  // Whether the peer has closed or broken the connection, or its sending side. From any thread.
  bool peer_has_closed() const;

  // Bytes received and not consumed yet.
  std::string_view input() const { return std::string_view(input_).substr(consumed_); }
  void consume(std::size_t size);
  // Gives back the memory of an empty input.
  void release_input();

  enum class Filled { Bytes, Nothing, End };
  // Appends what has arrived to the input. Nothing: no byte came, at once or (`linger`) within
  // limits.linger.
  Filled fill(bool linger);

  // A request has come: its transfers are timed from here.
  void begin_exchange() { received_ = sent_ = {}; }

  // Appends at least one byte, waiting up to limits.body. False when the client is gone or too
  // slow (see limits.transfer).
  bool await_input();
  // As await_input, but into `buffer`; 0 when the client is gone or too slow. The input must be
  // empty.
  std::size_t receive(char* buffer, std::size_t size);

  // Sends both pieces, in one call if the kernel takes them. False when the client is gone or too
  // slow.
  bool send(std::string_view first, std::string_view second = {});

  // Ends our side and throws away what still comes, within limits.drain: closing on unread bytes
  // would reset the connection, and the client would lose the reply that it has not read yet.
  void drain();

 private:
  // Bytes of one exchange in one direction, and how long we waited for the client to move them.
  struct Transfer {
    std::uint64_t bytes = 0;
    std::chrono::steady_clock::duration waited{};
  };
  std::chrono::steady_clock::duration time_left(const Transfer& transfer) const;
  std::size_t receive_within(char* buffer, std::size_t size,
                             std::chrono::steady_clock::duration limit);

  const int fd_;
  const ConnectionLimits& limits_;
  const StopSignal& stop_;
  Transfer received_;
  Transfer sent_;
  std::string input_;
  std::size_t consumed_ = 0;
};

}  // namespace millrace
