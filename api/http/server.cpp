#include "api/http/server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "api/http/connection_parking.h"
#include "api/http/connection_stream.h"
#include "api/http/descriptor_split.h"
#include "api/http/worker_pool.h"
#include "store/common/error.h"

namespace millrace {

namespace {

constexpr int kBacklog = 1024;
constexpr std::size_t kProbeThreads = 2;

// The exchange that process_request works on: it is synchronous, and its callbacks carry no
// context.
thread_local Exchange* current_exchange = nullptr;

// The accept loop of the library puts each connection into a queue; ours does the little work at
// once.
class AtOnce : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> task) override { task(); }
  void shutdown() override {}
};

}  // namespace

std::string address_text(const std::string& host, int port) {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

class Server::Impl : private httplib::Server {
 public:
  Impl(const ServerOptions& options, millrace::Server::Handler handler);
  ~Impl() override;

  int bind();
  void run();
  void stop();

 private:
  bool process_and_close_socket(socket_t fd) override;
  void respond(Exchange& exchange);
  void accept_connections();
  bool make_room();
  void wake(std::unique_ptr<Connection> connection);
  void serve(std::unique_ptr<Connection> connection, const Connection::Desk& desk);
  void requeue(std::unique_ptr<Connection> connection);
  void turn_away_overdue();
  bool is_probe(const Connection& connection) const;

  const ServerOptions options_;
  const millrace::Server::Handler handler_;
  DescriptorSplit split_{};
  int listener_ = -1;
  ConnectionContext context_;
  Connection::Desk requests_desk_;
  Connection::Desk transfers_desk_;
  Connection::Desk probes_desk_;
  // Made by run(). Each uses the others until they have stopped.
  std::unique_ptr<ConnectionParking> parking_;
  std::unique_ptr<WorkerPool> requests_;
  std::unique_ptr<WorkerPool> transfers_;
  std::unique_ptr<WorkerPool> probes_;
};

Server::Impl::Impl(const ServerOptions& options, millrace::Server::Handler handler)
    : options_(options),
      handler_(std::move(handler)),
      context_(
          options.limits, options.tls, [this](Exchange& exchange) { respond(exchange); },
          [this] { return transfers_->busy(); }),
      requests_desk_{[](const Connection& connection) { return !connection.is_transfer(); },
                     [this] { return requests_->busy(); }},
      transfers_desk_{[](const Connection& connection) { return connection.is_transfer(); },
                      [this] { return transfers_->busy(); }},
      probes_desk_{[this](const Connection& connection) { return is_probe(connection); },
                   [] { return true; }} {
  new_task_queue = [] { return new AtOnce; };  // the library owns it
  set_address_family(options.host.find(':') == std::string::npos ? AF_INET : AF_INET6);
  set_tcp_nodelay(true);
  // Not the library's SO_REUSEPORT: a second server on the port must fail.
  set_socket_options([](socket_t fd) {
    int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  auto answer = [](HttpResponse reply, httplib::Response& response) {
    current_exchange->complete(std::move(reply));
    response.status = current_exchange->response().status;
  };
  set_pre_routing_handler([this, answer](const httplib::Request&, httplib::Response& response) {
    answer(handler_(current_exchange->request()), response);
    return HandlerResponse::Handled;
  });
  set_exception_handler(
      [answer](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
        answer(internal_error(), response);
      });
  set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
    Headers& headers = current_exchange->response().headers;
    response.headers = httplib::Headers(headers.begin(), headers.end());
  });
}

Server::Impl::~Impl() {
  if (svr_sock_ != INVALID_SOCKET) ::close(svr_sock_);
  if (listener_ >= 0) ::close(listener_);
}

int Server::Impl::bind() {
  split_ = split_descriptors(take_descriptors(), options_.max_threads, options_.max_transfers);
  if (options_.max_connections > 0) split_.connections = options_.max_connections;
  errno = 0;
  int port = options_.port;
  if (port == 0) {
    port = bind_to_any_port(options_.host);
  } else if (!bind_to_port(options_.host, port)) {
    port = -1;
  }
  if (port > 0) listener_ = ::fcntl(svr_sock_, F_DUPFD_CLOEXEC, 0);
  if (listener_ < 0 || ::listen(listener_, kBacklog) != 0) {
    std::string reason = errno != 0 ? std::strerror(errno) : "unknown address";
    throw Error(ErrorCode::InternalError,
                "cannot listen on " + address_text(options_.host, options_.port) + ": " + reason);
  }
  return port;
}

void Server::Impl::run() {
  const auto pool = [this](std::size_t threads, const Connection::Desk& desk) {
    return std::make_unique<WorkerPool>(threads,
                                        [this, &desk](std::unique_ptr<Connection> connection) {
                                          serve(std::move(connection), desk);
                                        });
  };
  requests_ = pool(split_.threads, requests_desk_);
  transfers_ = pool(split_.transfers, transfers_desk_);
  probes_ = pool(kProbeThreads, probes_desk_);
  parking_ = std::make_unique<ConnectionParking>(
      [this](std::unique_ptr<Connection> connection) { wake(std::move(connection)); },
      [this] { turn_away_overdue(); });
  accept_connections();
  while (context_.descriptors > 0 && !context_.stop.expired(options_.limits.stop)) {
    parking_->close_overdue();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  parking_->stop();
  probes_->stop();
  requests_->stop();
  transfers_->stop();
}

void Server::Impl::stop() {
  context_.stop.request();
  // Not httplib's stop(), which closes a descriptor that accept may be using.
  ::shutdown(listener_, SHUT_RDWR);
}

// The library closes its socket and gives up on some passing errors (ENFILE, ENOBUFS): go on with
// a copy.
void Server::Impl::accept_connections() {
  for (;;) {
    try {
      listen_after_bind();
    } catch (const std::exception&) {
      ::close(svr_sock_);  // out of memory
    }
    svr_sock_ = INVALID_SOCKET;
    while (svr_sock_ == INVALID_SOCKET) {
      if (context_.stop.requested()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      svr_sock_ = ::fcntl(listener_, F_DUPFD_CLOEXEC, 0);
    }
  }
}

// Called for each accepted socket, on the thread of run().
bool Server::Impl::process_and_close_socket(socket_t fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  Descriptor descriptor(fd);
  try {
    auto connection = std::make_unique<Connection>(std::move(descriptor), context_);
    while (!make_room() && !context_.stop.requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    parking_->park(std::move(connection));
  } catch (const std::exception&) {
    // Out of memory: this connection ends, the others go on.
  }
  return true;
}

// Closes what is worth least while there are too many descriptors; false when that does not do.
bool Server::Impl::make_room() {
  while (context_.descriptors > split_.connections) {
    if (!parking_->close_least()) return false;
  }
  return true;
}

// While requests wait for threads, those for probes look at new ones: they serve what is theirs and
// let the others stand in the line.
void Server::Impl::wake(std::unique_ptr<Connection> connection) {
  if (!connection->is_receiving()) {
    requests_->submit(std::move(connection));
  } else if (!requests_->try_submit(connection)) {
    probes_->submit(std::move(connection));
  }
}

bool Server::Impl::is_probe(const Connection& connection) const {
  const RequestHead& head = *connection.head();
  const auto& paths = options_.probe_paths;
  return !connection.is_transfer() && head.method == "GET" &&
         std::find(paths.begin(), paths.end(), head.target) != paths.end();
}

void Server::Impl::serve(std::unique_ptr<Connection> connection, const Connection::Desk& desk) {
  try {
    switch (connection->serve(desk)) {
      case Connection::Next::Close:
        break;
      case Connection::Next::Park:
        parking_->park(std::move(connection));
        break;
      case Connection::Next::Requeue:
        requeue(std::move(connection));
        break;
    }
  } catch (const std::exception&) {
    // Out of memory or threads: this connection ends, the others go on.
  }
}

// Who waits for a transfer holds a descriptor, and some must be left for others.
void Server::Impl::requeue(std::unique_ptr<Connection> connection) {
  if (connection->is_transfer()) {
    if (transfers_->submit_below(split_.connections / 4, connection)) return;
    connection->turn_away();
  }
  requests_->submit(std::move(connection));
}

// Those that no transfer has made room for in the time that a client has to send something.
void Server::Impl::turn_away_overdue() {
  try {
    for (std::unique_ptr<Connection>& connection : transfers_->take_overdue()) {
      connection->turn_away();
      requests_->submit(std::move(connection));
    }
  } catch (const std::exception&) {
    // Out of memory or threads: these connections end, the others go on.
  }
}

void Server::Impl::respond(Exchange& exchange) {
  ExchangeStream stream(exchange);
  bool closed = false;
  current_exchange = &exchange;
  process_request(stream, false, closed, nullptr);
  current_exchange = nullptr;
  if (exchange.response().source) make_room();
}

Server::Server(const ServerOptions& options, Handler handler)
    : impl_(std::make_unique<Impl>(options, std::move(handler))) {}
Server::~Server() = default;
int Server::bind() { return impl_->bind(); }
void Server::run() { impl_->run(); }
void Server::stop() { impl_->stop(); }

}  // namespace millrace
