// Whatever clients do, threads are left for others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "api/http/server.h"
#include "api/http/server_test_client.h"
#include "store/common/error.h"

namespace millrace::server_threads_test {
namespace {

using namespace server_test;  // NOLINT(google-build-using-namespace): made for these tests
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t kLarge = 30'000'000;

// A text of which memory holds nothing.
class Zeros : public BodySource {
 public:
  explicit Zeros(std::uint64_t size) : size_(size) {}
  std::uint64_t size() const override { return size_; }
  std::size_t read(char* buffer, std::size_t size) override {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - position_));
    // The position shows where a piece was left out or sent twice.
    for (std::size_t i = 0; i < count; ++i) buffer[i] = symbol(position_ + i);
    position_ += count;
    return count;
  }
  void unread(std::size_t size) override { position_ -= size; }
  static char symbol(std::uint64_t at) { return static_cast<char>('a' + at % 23); }

 private:
  std::uint64_t size_;
  std::uint64_t position_ = 0;
};

HttpResponse answer(HttpRequest& request) {
  if (request.target == "/large") return text(std::string(kLarge, 'x'));
  if (request.target == "/file") {
    HttpResponse response = text("");
    response.source = std::make_unique<Zeros>(kLarge);
    return response;
  }
  if (request.target == "/unread") return text("not read\n");
  return echo(request);
}

ServerOptions few_threads() {
  ServerOptions options;
  options.max_threads = 2;
  options.max_transfers = 2;
  options.probe_paths = {"/probe"};
  // So that a thread that waits is noticed.
  options.limits.body = options.limits.transfer = options.limits.write = std::chrono::hours(1);
  options.limits.drain = std::chrono::hours(1);
  return options;
}

class HeldConnections : public testing::TestWithParam<std::string> {};

TEST_P(HeldConnections, LeaveThreadsToOthers) {
  RunningServer running(answer, few_threads());
  std::vector<std::unique_ptr<Client>> held;
  for (int i = 0; i < 20; ++i) {
    held.push_back(std::make_unique<Client>(running.port()));
    held.back()->send(GetParam());
  }
  for (int i = 0; i < 5; ++i) {
    for (const std::string target : {"/probe", "/short"}) {
      Client other(running.port());
      other.send(get(target));
      EXPECT_THAT(other.receive("]\n"), EndsWith("GET " + target + " []\n"));
    }
  }
  for (const auto& client : held) client->abort();
}

INSTANTIATE_TEST_SUITE_P(
    OfEachKind, HeldConnections,
    testing::Values(get("/", "Content-Length: 300000\r\n"),
                    get("/", "Content-Length: 300000\r\n") + "{",
                    get("/", "Content-Length: 10\r\nExpect: 100-continue\r\n"),
                    get("/", "Content-Length: 300000\r\nExpect: 100-continue\r\n"),
                    get("/unread", "Content-Length: 300000\r\n"),
                    get("/unread", "Content-Length: 300000\r\n") + "{",
                    get("/probe", "Content-Length: 300000\r\n") + "{",
                    get("/unread", "Content-Length: 300\r\nExpect: 100-continue\r\n") + "{",
                    get("/unread", "Transfer-Encoding: chunked\r\n") + "4\r\n{",
                    std::string("X\r\n\r\n"), get("/large"), get("/file")));

TEST(ServerThreads, MoreUploadsThanThreadsWaitForTheirTurn) {
  RunningServer running(answer, few_threads());
  const std::string body(400'000, 'b');
  std::vector<std::unique_ptr<Client>> uploads;
  for (int i = 0; i < 10; ++i) {
    uploads.push_back(std::make_unique<Client>(running.port()));
    uploads.back()->send(get("/up", "Content-Length: 400000\r\n") + "b");
  }
  Client other(running.port());
  other.send(get("/short"));
  EXPECT_THAT(other.receive("]\n"), EndsWith("GET /short []\n"));
  // The last ones first: they wait for those that are slower.
  for (auto client = uploads.rbegin(); client != uploads.rend(); ++client) {
    ASSERT_TRUE((*client)->send(body.substr(1)));
  }
  for (const auto& client : uploads) {
    EXPECT_THAT(client->receive("]\n"), EndsWith("/up [" + body + "]\n"));
  }
}

TEST(ServerThreads, TooManyUploadsAreToldToComeAgain) {
  ServerOptions options = few_threads();
  options.max_connections = 40;  // of which a quarter may wait
  RunningServer running(answer, options);
  std::vector<std::unique_ptr<Client>> uploads;
  for (int i = 0; i < 30; ++i) {
    uploads.push_back(std::make_unique<Client>(running.port()));
    uploads.back()->send(get("/up", "Content-Length: 400000\r\n") + "b");
  }
  constexpr int kRefused = 30 - 10 - 2;  // two may have begun
  std::atomic<int> refused{0};
  std::vector<std::thread> readers;
  for (const auto& client : uploads) {
    readers.emplace_back([&] {
      const std::string reply = client->receive_all();
      if (reply.empty()) return;
      EXPECT_THAT(reply, StartsWith("HTTP/1.1 503 "));
      EXPECT_THAT(reply, HasSubstr("\r\nretry-after: "));
      ++refused;
    });
  }
  while (refused < kRefused) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  for (const auto& client : uploads) client->abort();
  for (std::thread& thread : readers) thread.join();
  EXPECT_LE(refused, kRefused + 2);
}

// Sends a byte now and then, for as long as it lives; counts a refusal.
class Trickle {
 public:
  Trickle(int port, std::atomic<int>& refused)
      : client_(port),
        reader_([this, &refused] {
          if (client_.receive_all().ends_with("come again\n")) ++refused;
        }),
        sender_([this](const std::stop_token& stop) {
          client_.send(get("/trickle", "Content-Length: 400000\r\n") + "b");
          while (!stop.stop_requested() && client_.send("b"))
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
          client_.abort();
        }) {}

 private:
  Client client_;
  std::jthread reader_;
  std::jthread sender_;  // ends before the reader, which it lets end
};

TEST(ServerThreads, ATrickleGivesWayToWhoWaits) {
  ServerOptions options = few_threads();
  options.limits.transfer = std::chrono::seconds(3);
  options.limits.transfer_rate = 1;  // so that each byte is good for a second
  options.limits.crowded_rate = 1'000'000'000;
  std::latch begun(2);
  RunningServer running(
      [&begun](HttpRequest& request) {
        if (request.target == "/trickle") begun.count_down();
        try {
          return answer(request);
        } catch (const Error& error) {
          return text(error.code() == ErrorCode::Overloaded ? "come again\n" : "failed\n");
        }
      },
      options);
  std::atomic<int> gave_way{0};
  const std::string body(400'000, 'b');
  {
    const Trickle first(running.port(), gave_way);
    const Trickle second(running.port(), gave_way);
    begun.wait();
    Client waiting(running.port());
    waiting.send(get("/up", "Content-Length: 400000\r\n") + body);
    EXPECT_THAT(waiting.receive("]\n"), EndsWith("/up [" + body + "]\n"));
  }
  EXPECT_GE(gave_way, 1);
}

TEST(ServerThreads, AnUploadThatFindsNoThreadIsToldToComeAgain) {
  ServerOptions options = few_threads();
  options.limits.body = std::chrono::seconds(2);
  std::latch begun(2);
  std::latch go_on(1);
  RunningServer running(
      [&](HttpRequest& request) {
        if (request.target == "/held") {
          begun.count_down();
          go_on.wait();
        }
        return text("taken\n");
      },
      options);
  const std::string body(400'000, 'b');
  Client first(running.port());
  Client second(running.port());
  for (Client* client : {&first, &second})
    client->send(get("/held", "Content-Length: 400000\r\n") + body);
  begun.wait();
  Client waiting(running.port());
  waiting.send(get("/up", "Content-Length: 400000\r\n") + "b");
  EXPECT_THAT(waiting.receive("later."), StartsWith("HTTP/1.1 503 "));
  go_on.count_down();
  for (Client* client : {&first, &second})
    EXPECT_THAT(client->receive("taken\n"), EndsWith("taken\n"));
}

TEST(ServerThreads, ASlowReaderGetsEachByteOnce) {
  RunningServer running(answer);
  Client client(running.port());
  client.send(get("/file"));
  client.receive("\r\n\r\n");
  std::string body;
  while (body.size() < kLarge) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const std::string piece = client.receive_piece();
    ASSERT_FALSE(piece.empty());
    body += piece;
  }
  std::size_t same = 0;
  while (same < kLarge && body[same] == Zeros::symbol(same)) ++same;
  EXPECT_EQ(same, kLarge);
  client.send(get("/after"));
  EXPECT_THAT(client.receive("]\n"), EndsWith("GET /after []\n"));
}

TEST(ServerThreads, RepliesThatNobodyTakesAreBounded) {
  ServerOptions options;
  options.limits.held_bytes = 2 * kLarge;
  RunningServer running(answer, options);
  std::vector<std::unique_ptr<Client>> held;
  for (int i = 0; i < 8; ++i) {
    held.push_back(std::make_unique<Client>(running.port()));
    held.back()->send(get("/large"));
  }
  std::size_t whole = 0;
  for (const auto& client : held) {
    client->receive("\r\n\r\n");
    std::size_t size = 0;
    while (size < kLarge) {
      const std::string piece = client->receive_piece();
      if (piece.empty()) break;
      size += piece.size();
    }
    if (size == kLarge) ++whole;
  }
  EXPECT_GE(whole, 1U);
  Client after(running.port());
  after.send(get("/after"));
  EXPECT_THAT(after.receive("]\n"), EndsWith("GET /after []\n"));
}

TEST(ServerThreads, BodiesThatHandlersKeepAreBounded) {
  ServerOptions options;
  options.limits.held_bytes = 1'000'000;
  std::latch kept(1);
  std::latch go_on(1);
  RunningServer running(
      [&](HttpRequest& request) {
        std::string body;
        std::string buffer(10'000, '\0');
        try {
          while (const std::size_t size = request.body->read(buffer.data(), buffer.size())) {
            body.append(buffer, 0, size);
            request.body->keep(size);
          }
        } catch (const Error& error) {
          return text(error.code() == ErrorCode::Overloaded ? "refused\n" : "failed\n");
        }
        if (request.target == "/wait") {
          kept.count_down();
          go_on.wait();
        }
        return text(std::to_string(body.size()) + "\n");
      },
      options);
  const auto post = [](const std::string& target, std::size_t size) {
    return get(target, "Content-Length: " + std::to_string(size) + "\r\n") + std::string(size, 'x');
  };
  Client first(running.port());
  first.send(post("/wait", 900'000));
  kept.wait();
  Client second(running.port());
  second.send(post("/", 600'000));  // more than the half of it
  EXPECT_THAT(second.receive("refused\n"), EndsWith("\r\n\r\nrefused\n"));
  Client third(running.port());
  third.send(post("/", 300'000));
  EXPECT_THAT(third.receive("0000\n"), EndsWith("300000\n"));
  go_on.count_down();
  EXPECT_THAT(first.receive("0000\n"), EndsWith("900000\n"));
  first.send(post("/", 900'000));  // what was kept is free again
  EXPECT_THAT(first.receive("0000\n"), EndsWith("900000\n"));
}

TEST(ServerThreads, AStopLetsWhatFlowsGoOn) {
  ServerOptions options;
  options.limits.stop_body = std::chrono::seconds(3);
  options.limits.stop_idle = std::chrono::seconds(10);
  options.limits.stop = std::chrono::hours(1);
  std::latch handled(2);
  const auto note_and_answer = [&handled](HttpRequest& request) {
    if (request.target == "/silent" || request.target == "/up") handled.count_down();
    return answer(request);
  };
  RunningServer running(note_and_answer, options);
  Client silent(running.port());
  silent.send(get("/silent", "Content-Length: 900000\r\n") + "12");
  Client read(running.port());
  read.send(get("/file"));
  EXPECT_THAT(read.receive("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  Client large(running.port());
  large.send(get("/up", "Content-Length: 900000\r\n") + "x");
  Client small(running.port());
  small.send(get("/before"));
  EXPECT_THAT(small.receive("]\n"), EndsWith("GET /before []\n"));
  small.send(get("/small", "Content-Length: 200000\r\n") + "x");
  handled.wait();
  std::atomic<bool> silent_ended{false};
  std::jthread stopper([&] {
    std::jthread waiter([&] {
      silent.receive_all();
      silent_ended = true;
    });
    running.stop();
  });
  std::size_t sent = 1;
  for (; !silent_ended && sent < 190'000; ++sent) {
    ASSERT_TRUE(large.send("x"));
    ASSERT_TRUE(small.send("x"));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  large.send(std::string(900'000 - sent, 'x'));
  small.send(std::string(200'000 - sent, 'x'));
  EXPECT_THAT(large.receive_all(), EndsWith("x]\n"));
  EXPECT_THAT(small.receive_all(), EndsWith("x]\n"));
  EXPECT_EQ(read.receive_all().size(), kLarge);
}

TEST(ServerThreads, AStopHasAnEnd) {
  ServerOptions options;
  options.limits.stop = std::chrono::milliseconds(500);
  RunningServer running(answer, options);
  Client reading(running.port());
  reading.send(get("/file"));
  EXPECT_THAT(reading.receive("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  std::atomic<bool> over{false};
  std::thread flowing([&] {
    Client client(running.port());
    client.send(get("/up", "Content-Length: 90000000\r\n"));
    while (!over && client.send("x")) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  });
  running.stop();
  over = true;
  flowing.join();
  EXPECT_LT(reading.receive_all().size(), kLarge);
}

}  // namespace
}  // namespace millrace::server_threads_test
