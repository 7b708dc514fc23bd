#include "api/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <latch>
#include <stdexcept>
#include <thread>

#include "store/common/error.h"

namespace millrace {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

constexpr char kRefused[] = "Invalid HTTP request received.";

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
    std::size_t end = std::min(input_.size(), input_.find(ending) + ending.size());
    std::string result = input_.substr(0, end);
    input_.erase(0, end);
    return result;
  }

  // Reads until the server closes.
  std::string receive_all() {
    while (receive_some()) {
    }
    return std::move(input_);
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

std::string read_all(RequestBody& body) {
  std::string result;
  std::string buffer(1000, '\0');
  while (std::size_t got = body.read(buffer.data(), buffer.size())) result.append(buffer, 0, got);
  return result;
}

HttpResponse text(std::string body) {
  return {200, {{"content-type", "text/plain"}}, std::move(body)};
}

// "METHOD target [body]" and an end mark.
HttpResponse echo(HttpRequest& request) {
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
  Server& server() { return server_; }

 private:
  static ServerOptions local(ServerOptions options) {
    options.port = 0;
    return options;
  }

  Server server_;
  int port_;
  std::thread thread_;
};

std::string get(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + more + "\r\n";
}

TEST(Server, SendsExactlyWhatTheHandlerReturns) {
  RunningServer running([](HttpRequest& request) {
    EXPECT_EQ(request.peer, "127.0.0.1");
    EXPECT_EQ(*request.header("hOST"), "h");
    EXPECT_EQ(request.header("x"), nullptr);
    return HttpResponse{404, {{"X-Two", "2"}, {"content-type", "text/html"}}, "{}"};
  });
  Client client(running.port());
  client.send(get("/a", "Range: bytes=0-0\r\nAccept-Encoding: gzip\r\nConnection: close\r\n"));
  EXPECT_THAT(
      client.receive_all(),
      MatchesRegex("HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 2\r\n"
                   "content-type: text/html\r\ndate: [^\r]* GMT\r\nX-Two: 2\r\n\r\n\\{\\}"));
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  RunningServer running(echo);
  Client client(running.port());
  client.send(get("/1") + get("/2", "Content-Length: 5\r\n") + "hello" + get("/3?a?b"));
  EXPECT_THAT(client.receive("]\n"), EndsWith("\r\n\r\nGET /1 []\n"));
  EXPECT_THAT(client.receive("]\n"), EndsWith("\r\n\r\nGET /2 [hello]\n"));
  EXPECT_THAT(client.receive("]\n"), EndsWith("\r\n\r\nGET /3?a?b []\n"));
}

TEST(Server, TakesBytesSplitAnywhere) {
  RunningServer running(echo);
  Client client(running.port());
  std::string stream =
      "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n" +
      get("/n");
  for (char byte : stream) ASSERT_TRUE(client.send({&byte, 1}));
  EXPECT_THAT(client.receive("]\n"), EndsWith("POST /c [abcde]\n"));
  EXPECT_THAT(client.receive("]\n"), EndsWith("GET /n []\n"));
}

TEST(Server, SkipsAnUnreadBodyAndKeepsTheConnection) {
  RunningServer running([](HttpRequest& request) { return text(request.target + "\n"); });
  Client client(running.port());
  std::string body(500'000, 'G');
  client.send("DELETE /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n" + body + get("/2"));
  EXPECT_THAT(client.receive("/1\n"), Not(HasSubstr("connection")));
  EXPECT_THAT(client.receive("/2\n"), EndsWith("/2\n"));
  client.send(
      "PUT /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" +
      get("/4"));
  EXPECT_THAT(client.receive("/3\n"), EndsWith("/3\n"));
  EXPECT_THAT(client.receive("/4\n"), EndsWith("/4\n"));
}

TEST(Server, ALargeUnreadBodyEndsTheConnectionAfterTheReply) {
  RunningServer running([](HttpRequest&) { return text("early\n"); });
  Client client(running.port());
  client.send("PUT /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\n\r\n");
  ASSERT_TRUE(client.send(std::string(20'000'000, 'x')));
  std::string reply = client.receive_all();
  EXPECT_THAT(reply, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(reply, EndsWith("\r\n\r\nearly\n"));
}

TEST(Server, AnswersExpectWhenTheBodyIsRead) {
  RunningServer running(echo);
  Client client(running.port());
  client.send(get("/e", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
  EXPECT_EQ(client.receive("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.receive("]\n"), EndsWith("GET /e [ok]\n"));
}

TEST(Server, ClosesWhenAnExpectedBodyIsNotRead) {
  RunningServer running([](HttpRequest&) { return text("no\n"); });
  Client client(running.port());
  client.send(get("/e", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
  std::string reply = client.receive_all();
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\nconnection: close\r\n"));
  EXPECT_THAT(reply, EndsWith("no\n"));
}

TEST(Server, RefusesWhatItCannotFrameAndCloses) {
  RunningServer running(echo);
  for (const std::string& bad : {get("/", "Content-Length: 2x\r\n"),
                                 get("/", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
                                 std::string("\x16\x03\x01"), std::string("GET / HTTP/1.1\r\n\r\n"),
                                 get("/", "Transfer-Encoding: chunked\r\n") + "zz\r\n"}) {
    Client client(running.port());
    client.send(get("/first") + bad);
    EXPECT_THAT(client.receive("]\n"), EndsWith("GET /first []\n"));
    std::string reply = client.receive_all();
    EXPECT_THAT(reply,
                StartsWith("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 30\r\n"
                           "content-type: text/plain; charset=utf-8\r\n"));
    EXPECT_THAT(reply, EndsWith(std::string("\r\n\r\n") + kRefused));
  }
}

TEST(Server, BoundsTheHead) {
  RunningServer running(
      [](HttpRequest& request) { return text(std::to_string(request.target.size()) + "\n"); });
  std::string fields;
  for (int i = 0; i < 60; ++i) fields += "X-Field: " + std::string(990, 'v') + "\r\n";
  Client large(running.port());
  large.send(get("/" + std::string(65'535, 'a'), fields));
  EXPECT_THAT(large.receive("65536\n"), EndsWith("\r\n\r\n65536\n"));
  Client too_large(running.port());
  too_large.send("GET /" + std::string(140'000, 'a'));
  EXPECT_THAT(too_large.receive_all(), EndsWith(kRefused));
}

TEST(Server, OldVersionsAndCloseEndTheConnection) {
  RunningServer running(echo);
  for (const std::string& request :
       {std::string("GET /o HTTP/1.0\r\n\r\n"),
        std::string("GET /o HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
        get("/o", "Connection: close\r\n")}) {
    Client client(running.port());
    client.send(request);
    std::string reply = client.receive_all();
    EXPECT_THAT(reply, HasSubstr("\r\nconnection: close\r\n"));
    EXPECT_THAT(reply, EndsWith("GET /o []\n"));
  }
}

TEST(Server, LeavesOutBodiesWhereTheProtocolDoes) {
  RunningServer running([](HttpRequest& request) {
    HttpResponse response = text("12345");
    if (request.target == "/204") response.status = 204;
    if (request.target == "/304") response.status = 304;
    if (request.target == "/length") response.headers.emplace_back("Content-Length", "77");
    return response;
  });
  Client client(running.port());
  client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.receive("\r\n\r\n"), HasSubstr("content-length: 5\r\n"));
  client.send("HEAD /length HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.receive("\r\n\r\n"), HasSubstr("Content-Length: 77\r\n"));
  client.send(get("/204"));
  EXPECT_THAT(client.receive("\r\n\r\n"), Not(HasSubstr("content-length")));
  client.send(get("/304"));
  EXPECT_THAT(client.receive("\r\n\r\n"), Not(HasSubstr("content-length")));
  client.send(get("/length", "Connection: close\r\n"));
  EXPECT_THAT(client.receive_all(),
              MatchesRegex("HTTP/1.1 200 OK\r\n.*content-length: 5\r\n.*\r\n\r\n12345"));
}

TEST(Server, SendsChunkedOnRequestOfTheHandler) {
  RunningServer running([](HttpRequest& request) {
    return HttpResponse{200,
                        {{"transfer-encoding", "chunked"}},
                        request.target == "/empty" ? "" : "0123456789abcdef"};
  });
  Client client(running.port());
  client.send(get("/") + get("/empty"));
  EXPECT_THAT(client.receive("\r\n0\r\n\r\n"),
              EndsWith("\r\n\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"));
  EXPECT_THAT(client.receive("\r\n0\r\n\r\n"), EndsWith("\r\n\r\n0\r\n\r\n"));
  Client old(running.port());
  old.send("GET / HTTP/1.0\r\n\r\n");
  std::string reply = old.receive_all();
  EXPECT_THAT(reply, Not(HasSubstr("chunked")));
  EXPECT_THAT(reply, EndsWith("\r\n\r\n0123456789abcdef"));
}

TEST(Server, AFailingHandlerIsAPlain500) {
  RunningServer running([](HttpRequest& request) -> HttpResponse {
    if (request.target == "/throw") throw std::runtime_error("secret");
    return {308, {{"location", "/a\r\nset-cookie: b"}}, "body"};
  });
  Client client(running.port());
  for (const char* target : {"/throw", "/inject"}) {
    client.send(get(target));
    EXPECT_THAT(client.receive("\r\n\r\n"),
                MatchesRegex("HTTP/1.1 500 Internal Server Error\r\ncontent-length: 21\r\n"
                             "content-type: text/plain; charset=utf-8\r\ndate: [^\r]*\r\n\r\n"));
    EXPECT_EQ(client.receive("Error"), "Internal Server Error");
  }
}

TEST(Server, SendsLargeReplies) {
  std::string large(8'000'000, 'z');
  RunningServer running([&](HttpRequest&) { return text(large); });
  Client client(running.port());
  client.send(get("/", "Connection: close\r\n"));
  EXPECT_THAT(client.receive_all().size(), testing::Gt(large.size()));
}

TEST(Server, AClientThatBreaksOffFailsTheReading) {
  std::atomic<int> failures{0};
  RunningServer running([&](HttpRequest& request) {
    try {
      return echo(request);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::BadRequest);
      ++failures;
      throw;
    }
  });
  Client gone(running.port());
  gone.send(get("/", "Content-Length: 100\r\n") + "part");
  gone.abort();
  EXPECT_EQ(gone.receive_all(), "");
  Client next(running.port());
  next.send(get("/after"));
  EXPECT_THAT(next.receive("]\n"), EndsWith("GET /after []\n"));
  running.stop();
  EXPECT_EQ(failures, 1);
}

TEST(Server, ClosesSlowHeadsAndIdleConnections) {
  ServerOptions options;
  options.limits.head = std::chrono::milliseconds(200);
  options.limits.idle = std::chrono::milliseconds(300);
  options.limits.body = std::chrono::milliseconds(200);
  RunningServer running(echo, options);
  Client silent(running.port());
  Client slow(running.port());
  slow.send("GET / HT");
  Client idle(running.port());
  idle.send(get("/"));
  Client half(running.port());
  half.send(get("/", "Content-Length: 9\r\n") + "12");
  EXPECT_EQ(silent.receive_all(), "");
  EXPECT_EQ(slow.receive_all(), "");
  EXPECT_THAT(idle.receive_all(), EndsWith("GET / []\n"));
  EXPECT_EQ(half.receive_all(), "");
}

TEST(Server, IdleConnectionsHoldNoThread) {
  constexpr int kBusy = 8;
  ServerOptions options;
  options.max_threads = kBusy;
  std::barrier all_busy(kBusy);
  RunningServer running(
      [&](HttpRequest& request) {
        if (request.target == "/busy") all_busy.arrive_and_wait();
        return echo(request);
      },
      options);
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 200; ++i) {
    idle.push_back(std::make_unique<Client>(running.port()));
    idle.back()->send(i % 2 == 0 ? "GET /half" : get("/once"));
  }
  std::vector<std::unique_ptr<Client>> busy;
  for (int i = 0; i < kBusy; ++i) {
    busy.push_back(std::make_unique<Client>(running.port()));
    busy.back()->send(get("/busy"));
  }
  for (auto& client : busy) EXPECT_THAT(client->receive("]\n"), EndsWith("GET /busy []\n"));
  for (std::size_t i = 0; i < idle.size(); ++i) {
    if (i % 2 == 0) {
      idle[i]->send(" HTTP/1.1\r\nHost: h\r\n\r\n");
      EXPECT_THAT(idle[i]->receive("]\n"), EndsWith("GET /half []\n"));
    } else {
      EXPECT_THAT(idle[i]->receive("]\n"), EndsWith("GET /once []\n"));
      idle[i]->send(get("/again"));
      EXPECT_THAT(idle[i]->receive("]\n"), EndsWith("GET /again []\n"));
    }
  }
}

TEST(Server, MakesRoomByClosingIdleConnections) {
  ServerOptions options;
  options.max_connections = 3;
  RunningServer running(echo, options);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<Client>(running.port()));
    clients.back()->send(get("/"));
    EXPECT_THAT(clients.back()->receive("]\n"), EndsWith("GET / []\n"));
  }
  EXPECT_EQ(clients[0]->receive_all(), "");
  EXPECT_EQ(clients[1]->receive_all(), "");
  EXPECT_EQ(clients[2]->receive_all(), "");
}

TEST(Server, MoreClientsThanThreads) {
  ServerOptions options;
  options.max_threads = 2;
  RunningServer running(echo, options);
  std::vector<std::thread> threads;
  std::atomic<int> answered{0};
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      Client client(running.port());
      for (int round = 0; round < 50; ++round) {
        client.send(get("/a") + get("/b"));
        if (client.receive("]\n").ends_with("/a []\n")) ++answered;
        if (client.receive("]\n").ends_with("/b []\n")) ++answered;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 16 * 50 * 2);
}

TEST(Server, StopFinishesWhatIsInFlight) {
  std::latch started(1);
  std::latch go_on(1);
  RunningServer running([&](HttpRequest& request) {
    started.count_down();
    go_on.wait();
    return echo(request);
  });
  Client idle(running.port());
  Client working(running.port());
  working.send(get("/last"));
  started.wait();
  std::thread stopper([&] { running.stop(); });
  EXPECT_EQ(idle.receive_all(), "");
  go_on.count_down();
  std::string reply = working.receive_all();
  EXPECT_THAT(reply, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(reply, EndsWith("GET /last []\n"));
  stopper.join();
  EXPECT_FALSE(Client(running.port()).connected());
}

TEST(Server, StopBeforeRunEndsItAtOnce) {
  ServerOptions options;
  options.port = 0;
  Server server(options, echo);
  server.bind();
  server.stop();
  server.run();
}

TEST(Server, BindTellsWhatIsWrong) {
  RunningServer running(echo);
  ServerOptions options;
  options.port = running.port();
  Server second(options, echo);
  try {
    second.bind();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                MatchesRegex("cannot listen on 127.0.0.1:[0-9]+: Address already in use"));
  }
  options.host = "no such host";
  EXPECT_THROW(Server(options, echo).bind(), Error);
}

}  // namespace
}  // namespace millrace
