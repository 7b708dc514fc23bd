// The HTTP server: listens, and hands each request to one handler. Limits and refusals are the
// connection's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/http/connection_socket.h"
#include "api/http/exchange.h"
#include "api/http/tls.h"

namespace millrace {

// host:port, the host of an IPv6 address in brackets.
std::string address_text(const std::string& host, int port);

struct ServerOptions {
  std::string host = "127.0.0.1";  // without brackets
  int port = 5000;                 // 0: any free one
  // Requests handled at the same time. Most of those that wait for a database hold a thread
  // meanwhile (store/db/waiting_line.h says how many may).
  std::size_t max_threads = 384;
  // Requests whose bodies are read as they come (ConnectionLimits::awaited_body_bytes), on threads
  // of their own: whatever their clients do, the others find theirs. Further ones wait, and are
  // turned away when a silent client would be.
  std::size_t max_transfers = 128;
  // Paths of probes: when all threads have work they are answered by threads of their own.
  std::vector<std::string> probe_paths = {};
  // 0: what the descriptor limit allows; that bounds the threads, too. Beyond it those that are
  // worth least are closed.
  std::size_t max_connections = 0;
  // What is shown to clients, which then have to speak TLS; null: plain HTTP.
  std::shared_ptr<const TlsIdentity> tls = nullptr;
  ConnectionLimits limits;
};

class Server {
 public:
  // Called on many threads at once. What it throws is answered with a plain 500.
  using Handler = std::function<HttpResponse(HttpRequest&)>;

  Server(const ServerOptions& options, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Opens the listening socket and returns its port. Throws Error (InternalError) with the reason
  // when it cannot.
  int bind();
  // Serves until stop(); bind() comes first.
  void run();
  // Ends run(): no new connections, idle ones are closed, all that is under way is finished (at
  // most limits.stop; a request of which nothing comes any more gets limits.stop_body). From any
  // thread, but not from a signal handler.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
