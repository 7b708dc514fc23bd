#include "api/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "api/http/server_test_client.h"
#include "store/common/error.h"

namespace millrace::server_test {
namespace {

using namespace server_test;  // NOLINT(google-build-using-namespace): made for these tests
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

TEST(Server, ClosesSlowHeadsAndIdleConnections) {
  ServerOptions options;
  options.limits.head = std::chrono::milliseconds(200);
  options.limits.idle = std::chrono::milliseconds(300);
  options.limits.body = std::chrono::milliseconds(200);
  options.limits.transfer = std::chrono::milliseconds(400);
  RunningServer running(echo, options);
  Client silent(running.port());
  Client slow(running.port());
  slow.send("GET / HT");
  Client idle(running.port());
  idle.send(get("/"));
  Client half(running.port());
  half.send(get("/", "Content-Length: 9\r\n") + "12");
  Client half_large(running.port());
  half_large.send(get("/", "Content-Length: 900000\r\n") + "12");
  EXPECT_EQ(silent.receive_all(), "");
  EXPECT_EQ(slow.receive_all(), "");
  EXPECT_THAT(idle.receive_all(), EndsWith("GET / []\n"));
  EXPECT_EQ(half.receive_all(), "");
  EXPECT_EQ(half_large.receive_all(), "");
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

TEST(Server, HalfSentBodiesHoldNoThread) {
  ServerOptions options;
  options.max_threads = 4;
  RunningServer running(echo, options);
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<Client>(running.port()));
    slow.back()->send(i % 2 == 0 ? get("/plain", "Content-Length: 1000\r\n") + "{"
                                 : get("/chunked", "Transfer-Encoding: chunked\r\n") + "3e8\r\n{");
  }
  Client health(running.port());
  health.send(get("/health"));
  EXPECT_THAT(health.receive("]\n"), EndsWith("GET /health []\n"));
  std::string rest(999, 'x');
  for (std::size_t i = 0; i < slow.size(); ++i) {
    slow[i]->send(rest + (i % 2 == 0 ? "" : "\r\n0\r\n\r\n"));
    EXPECT_THAT(slow[i]->receive("]\n"), EndsWith(" [{" + rest + "]\n"));
  }
}

// Each byte comes within the time for which a thread lingers.
TEST(Server, ByteByByteHoldsNoThreadThatOthersNeed) {
  ServerOptions options;
  options.max_threads = 2;
  options.limits.linger = std::chrono::seconds(5);
  RunningServer running(echo, options);
  std::atomic<bool> answered{false};
  std::vector<std::thread> slow;
  for (int i = 0; i < 2; ++i) {
    slow.emplace_back([&] {
      Client client(running.port());
      client.send(get("/slow", "Content-Length: 100000\r\n"));
      while (!answered && client.send("x")) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  Client health(running.port());
  health.send(get("/health"));
  EXPECT_THAT(health.receive("]\n"), EndsWith("GET /health []\n"));
  answered = true;
  for (std::thread& thread : slow) thread.join();
}

TEST(Server, BoundsWhatIncompleteRequestsHold) {
  ServerOptions options;
  options.limits.held_bytes = 100'000;
  RunningServer running(echo, options);
  std::string head = get("/half", "Content-Length: 200000\r\n");
  {
    Client alone(running.port());
    alone.send(head + std::string(150'000, 'x'));
    const std::string reply = alone.receive_all();
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
    EXPECT_THAT(reply, HasSubstr("\r\nretry-after: 5\r\n"));
  }
  Client most(running.port());
  most.send(head + std::string(99'000, 'x'));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  Client small(running.port());  // beyond the sum, but within its share
  small.send(get("/small", "Content-Length: 5001\r\n") + std::string(5000, 'a'));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  small.send("b");
  EXPECT_THAT(small.receive("]\n"), EndsWith("ab]\n"));
}

TEST(Server, ALargeBodyNeedsAMinimumRate) {
  ServerOptions options;
  options.limits.transfer = std::chrono::milliseconds(300);
  options.limits.transfer_rate = 100'000;
  RunningServer running(echo, options);
  Client slow(running.port());
  slow.send(get("/slow", "Content-Length: 300000\r\n"));
  int sent = 0;
  while (sent < 300'000 && slow.send("x")) {
    ++sent;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_LT(sent, 300'000);
  EXPECT_THAT(slow.receive_all(), testing::IsEmpty());
  Client fast(running.port());
  fast.send(get("/fast", "Content-Length: 1000000\r\n"));
  for (int i = 0; i < 10; ++i) {  // longer than the time at first: the bytes earn more
    ASSERT_TRUE(fast.send(std::string(100'000, 'x')));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_THAT(fast.receive("]\n"), EndsWith("x]\n"));
}

// Whether the body waits for its thread or is read by it.
TEST(Server, ASlowButSteadyBodyHasNoLimitInAll) {
  ServerOptions options;
  EXPECT_LT(options.limits.transfer_rate, 1000);
  options.limits.body = std::chrono::milliseconds(1000);
  options.limits.transfer = std::chrono::milliseconds(1000);
  for (const std::size_t awaited : {options.limits.awaited_body_bytes, std::size_t{10}}) {
    options.limits.awaited_body_bytes = awaited;
    RunningServer running(echo, options);
    Client slow(running.port());
    slow.send(get("/slow", "Content-Length: 2000\r\n"));
    for (int i = 0; i < 20; ++i) {  // 1 KB/s, for twice as long as either limit
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      ASSERT_TRUE(slow.send(std::string(100, 'x')));
    }
    EXPECT_THAT(slow.receive("]\n"), EndsWith("x]\n"));
  }
}

TEST(Server, AReplyNeedsAMinimumRate) {
  ServerOptions options;
  options.limits.transfer = std::chrono::milliseconds(300);
  options.limits.transfer_rate = 100'000'000;
  std::string large(50'000'000, 'z');
  RunningServer running([&](HttpRequest&) { return text(large); }, options);
  Client slow(running.port());
  slow.send(get("/"));
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));  // sending is timed in seconds
  EXPECT_LT(slow.receive_all().size(), large.size());
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

TEST(Server, StopWaitsShortlyForHalfSentRequests) {
  ServerOptions options;
  options.limits.stop_body = std::chrono::milliseconds(1500);
  options.limits.stop = std::chrono::hours(1);
  RunningServer running(echo, options);
  Client silent(running.port());
  silent.send(get("/silent", "Content-Length: 9\r\n") + "12");
  Client large(running.port());
  large.send(get("/large", "Content-Length: 900000\r\n") + "12");
  Client completing(running.port());
  completing.send(get("/late", "Content-Length: 2\r\n") + "a");
  std::this_thread::sleep_for(std::chrono::milliseconds(150));  // all are parked, or being read
  std::thread stopper([&] { running.stop(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  completing.send("b");
  EXPECT_THAT(completing.receive_all(), EndsWith("GET /late [ab]\n"));
  stopper.join();
  EXPECT_EQ(silent.receive_all(), "");
  EXPECT_EQ(large.receive_all(), "");
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
}  // namespace millrace::server_test
