// A running server and a client that sends bytes as they are, for tests.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "api/http/server.h"

namespace millrace::server_test {

class Client {
 public:
  explicit Client(int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }

  // False when the server does not take it all.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Reads until `ending` has come (or the server closes); what comes behind it stays.
  std::string receive(std::string_view ending) {
    while (input_.find(ending) == std::string::npos && receive_some()) {
    }
    std::size_t found = input_.find(ending);
    if (found == std::string::npos) return std::exchange(input_, {});
    std::string result = input_.substr(0, found + ending.size());
    input_.erase(0, result.size());
    return result;
  }

  // Reads until the server closes.
  std::string receive_all() {
    while (receive_some()) {
    }
    return std::exchange(input_, {});
  }

  // What comes next; nothing when the server closes.
  std::string receive_piece() {
    if (input_.empty()) receive_some();
    return std::exchange(input_, {});
  }

  void abort() { ::shutdown(fd_, SHUT_RDWR); }

 private:
  bool receive_some() {
    std::string buffer(64 * 1024, '\0');
    ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    input_.append(buffer, 0, static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  bool connected_;
  std::string input_;
};

inline std::string read_all(RequestBody& body) {
  std::string result;
  std::string buffer(1000, '\0');
  while (std::size_t got = body.read(buffer.data(), buffer.size())) result.append(buffer, 0, got);
  return result;
}

inline HttpResponse text(std::string body) {
  return {200, {{"content-type", "text/plain"}}, std::move(body)};
}

// "METHOD target [body]" and an end mark.
inline HttpResponse echo(HttpRequest& request) {
  return text(request.method + " " + request.target + " [" + read_all(*request.body) + "]\n");
}

class RunningServer {
 public:
  explicit RunningServer(Server::Handler handler, ServerOptions options = {})
      : server_(local(options), std::move(handler)) {
    port_ = server_.bind();
    thread_ = std::thread([this] { server_.run(); });
  }
  ~RunningServer() { stop(); }
  void stop() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }
  int port() const { return port_; }

 private:
  static ServerOptions local(ServerOptions options) {
    options.port = 0;
    return options;
  }

  Server server_;
  int port_;
  std::thread thread_;
};

inline std::string get(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + more + "\r\n";
}

}  // namespace millrace::server_test
