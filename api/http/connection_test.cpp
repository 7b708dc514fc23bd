#include "api/http/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "api/http/server_test_client.h"
#include "store/common/error.h"

namespace millrace::http_connection_test {
namespace {

using namespace server_test;  // NOLINT(google-build-using-namespace): made for these tests
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

constexpr char kRefused[] = "Invalid HTTP request received.";

TEST(Connection, SendsExactlyWhatTheHandlerReturns) {
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

TEST(Connection, AnswersPipelinedRequestsInOrder) {
  RunningServer running(echo);
  Client client(running.port());
  client.send(get("/1") + get("/2", "Content-Length: 5\r\n") + "hello" + get("/3?a?b"));
  EXPECT_THAT(client.receive("]\n"), EndsWith("\r\n\r\nGET /1 []\n"));
  EXPECT_THAT(client.receive("]\n"), EndsWith("\r\n\r\nGET /2 [hello]\n"));
  EXPECT_THAT(client.receive("]\n"), EndsWith("\r\n\r\nGET /3?a?b []\n"));
}

TEST(Connection, TakesBytesSplitAnywhere) {
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

TEST(Connection, ASmallBodySplitAnywhereArrivesInOrder) {
  RunningServer running(echo);
  std::string stream =
      "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n" +
      get("/p", "Content-Length: 3\r\n") + "xyz" + get("/n");
  Client client(running.port());
  for (std::size_t at = 1; at < stream.size(); ++at) {
    ASSERT_TRUE(client.send(stream.substr(0, at)));
    // Sometimes longer than a thread lingers.
    std::this_thread::sleep_for(std::chrono::milliseconds(at % 16 == 0 ? 70 : 1));
    ASSERT_TRUE(client.send(stream.substr(at)));
    EXPECT_THAT(client.receive("]\n"), EndsWith("POST /c [abcde]\n")) << at;
    EXPECT_THAT(client.receive("]\n"), EndsWith("GET /p [xyz]\n")) << at;
    EXPECT_THAT(client.receive("]\n"), EndsWith("GET /n []\n")) << at;
  }
}

TEST(Connection, BodiesAroundTheAwaitedSizeArrive) {
  RunningServer running(echo);
  Client client(running.port());
  for (std::size_t size : {std::size_t{256} * 1024 - 1, std::size_t{256} * 1024,
                           std::size_t{256} * 1024 + 1, std::size_t{1'000'000}}) {
    std::string body(size, 'b');
    std::string length = std::to_string(size);
    std::string chunk(1000, 'c');
    client.send(get("/plain", "Content-Length: " + length + "\r\n") + body + get("/between"));
    EXPECT_THAT(client.receive("]\n"), EndsWith("/plain [" + body + "]\n"));
    EXPECT_THAT(client.receive("]\n"), EndsWith("/between []\n"));
    client.send(get("/chunked", "Transfer-Encoding: chunked\r\n"));
    for (std::size_t i = 0; i < size / 1000; ++i) client.send("3e8\r\n" + chunk + "\r\n");
    client.send("0\r\n\r\n" + get("/after"));
    EXPECT_EQ(client.receive("]\n").size() / 1000, size / 1000);
    EXPECT_THAT(client.receive("]\n"), EndsWith("/after []\n"));
  }
}

TEST(Connection, SkipsAnUnreadBodyAndKeepsTheConnection) {
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

TEST(Connection, ALargeUnreadBodyEndsTheConnectionAfterTheReply) {
  RunningServer running([](HttpRequest&) { return text("early\n"); });
  Client client(running.port());
  client.send("PUT /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\n\r\n");
  std::string megabyte(1'000'000, 'x');
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client.send(megabyte));
  std::string reply = client.receive_all();
  EXPECT_THAT(reply, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(reply, EndsWith("\r\n\r\nearly\n"));
}

TEST(Connection, AnswersExpectWhenTheBodyIsRead) {
  RunningServer running(echo);
  Client client(running.port());
  client.send(get("/e", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
  EXPECT_EQ(client.receive("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.receive("]\n"), EndsWith("GET /e [ok]\n"));
}

// Its handler is run again when the body has come: none waits for it.
TEST(Connection, APermissionToSendIsGivenWithoutAThread) {
  std::atomic<int> handled{0};
  RunningServer running([&](HttpRequest& request) {
    ++handled;
    request.method += "!";  // what a handler does to a request is forgotten
    return echo(request);
  });
  Client client(running.port());
  const std::string large(700'000, 'x');
  for (const std::string& body : {std::string("ok"), large}) {
    handled = 0;
    client.send(get(
        "/e", "Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) + "\r\n"));
    EXPECT_EQ(client.receive("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(body + get("/next"));
    EXPECT_THAT(client.receive("]\n"), EndsWith("GET! /e [" + body + "]\n"));
    EXPECT_THAT(client.receive("]\n"), EndsWith("GET! /next []\n"));
    EXPECT_EQ(handled, 3);
  }
}

TEST(Connection, ClosesWhenAnExpectedBodyIsNotRead) {
  RunningServer running([](HttpRequest&) { return text("no\n"); });
  Client client(running.port());
  client.send(get("/e", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
  std::string reply = client.receive_all();
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\nconnection: close\r\n"));
  EXPECT_THAT(reply, EndsWith("no\n"));
}

TEST(Connection, RefusesWhatItCannotFrameAndCloses) {
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

TEST(Connection, BoundsTheHead) {
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

TEST(Connection, OldVersionsAndCloseEndTheConnection) {
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

TEST(Connection, LeavesOutBodiesWhereTheProtocolDoes) {
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

TEST(Connection, SendsChunkedOnRequestOfTheHandler) {
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

TEST(Connection, AFailingHandlerIsAPlain500) {
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

TEST(Connection, SendsLargeReplies) {
  std::string large(8'000'000, 'z');
  RunningServer running([&](HttpRequest&) { return text(large); });
  Client client(running.port());
  client.send(get("/", "Connection: close\r\n"));
  EXPECT_THAT(client.receive_all().size(), testing::Gt(large.size()));
}

TEST(Connection, AClientThatBreaksOffFailsTheReading) {
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
  gone.send(get("/", "Content-Length: 1000000\r\n") + "part");
  gone.abort();
  EXPECT_EQ(gone.receive_all(), "");
  Client next(running.port());
  next.send(get("/after"));
  EXPECT_THAT(next.receive("]\n"), EndsWith("GET /after []\n"));
  running.stop();
  EXPECT_EQ(failures, 1);
}

}  // namespace
}  // namespace millrace::http_connection_test
