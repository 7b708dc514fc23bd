// The socket of one client: buffered reading, writing of what goes without waiting, an orderly end.
// Owns the descriptor.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/tls.h"

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
  // A body up to this size, or a chunked one with its framing, is handled when all of it is here; a
  // larger one is read by its handler as it comes, on a thread for transfers.
  std::size_t awaited_body_bytes = 256 * 1024;
  // What all connections together may keep in memory of requests and replies. Beyond it, one that
  // keeps more than an equal share is refused with 503, or closed within its reply.
  std::size_t held_bytes = 128 << 20;
  // Without a byte of the body, and without a byte of the reply taken.
  std::chrono::milliseconds body{60'000};
  std::chrono::milliseconds write{60'000};
  // A client's time to send the body of one request, and to take the reply: so long, and a second
  // more for each `transfer_rate` bytes that it has moved. No limit in all: 1 KB/s may go on for
  // ever, a byte a minute may not.
  std::chrono::milliseconds transfer{30'000};
  std::size_t transfer_rate = 512;
  // The same of a body while others wait for the thread that reads it.
  std::size_t crowded_rate = 16 * 1024;
  // When the server stops: for all that is under way (container runtimes kill after ten seconds),
  // for requests of which no byte comes any more, and for those that are just coming.
  std::chrono::milliseconds stop{8'000};
  std::chrono::milliseconds stop_body{2'000};
  std::chrono::milliseconds stop_idle{100};
};

// Tells every connection that the server stops.
class StopSignal {
 public:
  using Clock = std::chrono::steady_clock;

  void request();
  bool requested() const { return requested_at_.load(std::memory_order_relaxed) != kNever; }
  // Requested longer than `grace` ago, and nothing has moved since `moved` for as long: break off.
  bool expired(std::chrono::milliseconds grace, Clock::time_point moved = {}) const;

 private:
  static constexpr Clock::rep kNever = Clock::duration::max().count();
  std::atomic<Clock::rep> requested_at_{kNever};
};

// Closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  ~Descriptor();
  Descriptor& operator=(Descriptor&&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

class ConnectionSocket {
 public:
  // `descriptor` is a connected stream socket. `tls` (null: none) is what is shown to the client.
  // `crowded` tells whether others wait for the thread that reads a body.
  ConnectionSocket(Descriptor descriptor, const ConnectionLimits& limits, const StopSignal& stop,
                   const TlsIdentity* tls, const std::function<bool()>& crowded);
  ConnectionSocket(const ConnectionSocket&) = delete;
  ConnectionSocket& operator=(const ConnectionSocket&) = delete;

  int fd() const { return descriptor_.number(); }
  std::string peer() const;
  // Whether the peer has closed or broken the connection, or its sending side. From any thread.
  bool peer_has_closed() const;
  // Of poll(): what there is to wait for where the last call could not go on.
  short awaited() const { return awaited_; }

  // Bytes received and not consumed yet.
  std::string_view input() const { return std::string_view(input_).substr(consumed_); }
  void consume(std::size_t size);
  // Gives back the memory of an empty input.
  void release_input();

  enum class Filled { Bytes, Nothing, End };
  // Appends what has arrived to the input. Nothing: no byte came, at once or (`linger`) within
  // limits.linger.
  Filled fill(bool linger);
  // What has arrived is thrown away, at most limits.drained_bytes in all (End: that was more).
  Filled discard();

  // A request has come: its body is timed from here.
  void begin_exchange() { received_ = {}; }
  // Appends at least one byte, waiting up to limits.body. False when the client is gone or too
  // slow (see limits.transfer).
  bool await_input();
  // As await_input, but into `buffer`; 0 when the client is gone or too slow. The input must be
  // empty.
  std::size_t receive(char* buffer, std::size_t size);
  // The client would not have been too slow, did not others wait.
  bool gave_way() const { return gave_way_; }

  // Sends of both pieces what goes at once, and returns how much that was; nothing when the client
  // is gone.
  std::optional<std::size_t> send(std::string_view first, std::string_view second = {});
  // Ends our side: closing on unread bytes would reset the connection, and the client would lose
  // the reply that it has not read yet.
  void end();

 private:
  static constexpr ssize_t kLater = TlsSession::kLater;

  // Bytes of one exchange, and how long we waited for the client to send them.
  struct Transfer {
    std::uint64_t bytes = 0;
    std::chrono::steady_clock::duration waited{};
  };
  // The number of bytes, 0 at the end, or kLater.
  ssize_t read(char* buffer, std::size_t size, bool linger);
  std::optional<std::size_t> send_tls(std::string_view first, std::string_view second);
  // How long the next byte may take.
  std::chrono::steady_clock::duration patience(std::size_t rate) const;

  const Descriptor descriptor_;
  const std::unique_ptr<TlsSession> tls_;  // null: none
  const ConnectionLimits& limits_;
  const StopSignal& stop_;
  const std::function<bool()>& crowded_;
  short awaited_;
  Transfer received_;
  bool gave_way_ = false;
  std::size_t discarded_ = 0;
  std::string input_;
  std::size_t consumed_ = 0;
};

}  // namespace millrace
