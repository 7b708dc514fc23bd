#include "api/http/server.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

#include "api/http/connection_parking.h"
#include "api/http/connection_stream.h"
#include "api/http/worker_pool.h"
#include "store/common/error.h"

namespace millrace {

namespace {

constexpr int kBacklog = 1024;
constexpr std::size_t kProbeThreads = 2;
constexpr std::size_t kReservedDescriptors = 128;  // for databases, artifacts, the server itself

// The exchange that process_request works on: it is synchronous, and its callbacks carry no
// context.
thread_local Exchange* current_exchange = nullptr;

// Takes all descriptors that the system grants, and leaves some for the rest of the process.
std::size_t connections_by_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  std::size_t all = std::min<std::size_t>(limit.rlim_cur, 65536);
  return all > 2 * kReservedDescriptors ? all - kReservedDescriptors : all / 2;
}

// The accept loop of the library puts each connection into a queue; ours does the little work at
// once.
class AtOnce : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> task) override { task(); }
  void shutdown() override {}
};

}  // namespace

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
  void submit(std::unique_ptr<Connection> connection);
  bool is_probe(const Connection& connection) const;
  void serve(std::unique_ptr<Connection> connection);
  void serve_probe(std::unique_ptr<Connection> connection);

  const ServerOptions options_;
  const millrace::Server::Handler handler_;
  std::size_t max_connections_;
  int listener_ = -1;
  ConnectionContext context_;
  // Made by run(). Each uses the others until they have stopped.
  std::unique_ptr<ConnectionParking> parking_;
  std::unique_ptr<WorkerPool> pool_;
  std::unique_ptr<WorkerPool> probes_;
};

Server::Impl::Impl(const ServerOptions& options, millrace::Server::Handler handler)
    : options_(options), handler_(std::move(handler)), max_connections_(options.max_connections) {
  context_.limits = options.limits;
  context_.respond = [this](Exchange& exchange) { respond(exchange); };
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
    response.body = std::move(current_exchange->response().body);
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
  std::size_t possible = connections_by_descriptor_limit();
  if (max_connections_ == 0) max_connections_ = possible;
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
    throw Error(ErrorCode::InternalError, "cannot listen on " + options_.host + ":" +
                                              std::to_string(options_.port) + ": " + reason);
  }
  return port;
}

void Server::Impl::run() {
  pool_ = std::make_unique<WorkerPool>(
      options_.max_threads,
      [this](std::unique_ptr<Connection> connection) { serve(std::move(connection)); });
  probes_ = std::make_unique<WorkerPool>(
      kProbeThreads,
      [this](std::unique_ptr<Connection> connection) { serve_probe(std::move(connection)); });
  parking_ = std::make_unique<ConnectionParking>(
      [this](std::unique_ptr<Connection> connection) { submit(std::move(connection)); });
  listen_after_bind();
  // The library closes its socket and gives up on some passing errors (ENFILE, ENOBUFS): go on with
  // a copy.
  while (!context_.stop.requested()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    svr_sock_ = ::fcntl(listener_, F_DUPFD_CLOEXEC, 0);
    if (svr_sock_ != INVALID_SOCKET) listen_after_bind();
  }
  // Requests that are just arriving get a moment.
  while (context_.held > 0 && !context_.stop.expired(options_.limits.stop_body)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  parking_->stop();
  probes_->stop();
  pool_->stop();
}

void Server::Impl::stop() {
  context_.stop.request();
  // Not httplib's stop(), which closes a descriptor that accept may be using.
  ::shutdown(listener_, SHUT_RDWR);
}

// Called for each accepted socket, on the thread of run().
bool Server::Impl::process_and_close_socket(socket_t fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  auto connection = std::make_unique<Connection>(fd, context_);
  while (context_.open > max_connections_ && !context_.stop.requested()) {
    if (!parking_->close_oldest()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  parking_->park(std::move(connection));
  return true;
}

void Server::Impl::submit(std::unique_ptr<Connection> connection) {
  WorkerPool& pool = is_probe(*connection) ? *probes_ : *pool_;
  pool.submit(std::move(connection));
}

// By what has come so far, which stays in the socket. A head that comes in small pieces goes the
// way of all.
bool Server::Impl::is_probe(const Connection& connection) const {
  constexpr std::string_view kMethod = "GET ";
  if (!connection.between_requests()) return false;
  std::array<char, 256> start;
  const ssize_t size = ::recv(connection.fd(), start.data(), start.size(), MSG_PEEK | MSG_DONTWAIT);
  if (size <= 0) return false;
  std::string_view text(start.data(), static_cast<std::size_t>(size));
  if (!text.starts_with(kMethod)) return false;
  text.remove_prefix(kMethod.size());
  return std::any_of(options_.probe_paths.begin(), options_.probe_paths.end(),
                     [text](const std::string& path) { return text.starts_with(path + " "); });
}

// What comes behind the probe on its connection is for the others.
void Server::Impl::serve_probe(std::unique_ptr<Connection> connection) {
  try {
    Connection::Next next = connection->serve([] { return true; });
    if (next == Connection::Next::Park) parking_->park(std::move(connection));
    if (next == Connection::Next::Requeue) pool_->submit(std::move(connection));
  } catch (const std::exception&) {
    // As in serve().
  }
}

void Server::Impl::serve(std::unique_ptr<Connection> connection) {
  try {
    Connection::Next next = connection->serve([this] { return pool_->busy(); });
    if (next == Connection::Next::Park) parking_->park(std::move(connection));
    if (next == Connection::Next::Requeue) pool_->submit(std::move(connection));
  } catch (const std::exception&) {
    // Out of memory or threads: this connection ends, the others go on.
  }
}

void Server::Impl::respond(Exchange& exchange) {
  ExchangeStream stream(exchange);
  bool closed = false;
  current_exchange = &exchange;
  process_request(stream, false, closed, nullptr);
  current_exchange = nullptr;
  try {
    if (!stream.flush()) exchange.give_up();
  } catch (const Error&) {
    exchange.give_up();  // the head is out: the client sees a body that breaks off
  }
}

Server::Server(const ServerOptions& options, Handler handler)
    : impl_(std::make_unique<Impl>(options, std::move(handler))) {}
Server::~Server() = default;
int Server::bind() { return impl_->bind(); }
void Server::run() { impl_->run(); }
void Server::stop() { impl_->stop(); }

}  // namespace millrace
