#include "api/commands/stopper.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <latch>
#include <string_view>
#include <thread>

namespace millrace::stopper_test {
namespace {

// Exits by itself: with 7 when the server has stopped and its last request got its answer.
[[noreturn]] void serve_one_request(bool endless, const StopTimes& times, bool signals_again) {
  Stopper stopper(times);
  std::latch handled(1);
  std::latch work_ended(1);
  ServerOptions options;
  options.port = 0;
  Server server(options, [&](HttpRequest&) {
    handled.count_down();
    work_ended.wait();
    while (endless) std::this_thread::sleep_for(std::chrono::hours(1));
    return text_reply(200, "text/plain", "");
  });
  const int port = server.bind();
  stopper.serving(server, [&] { work_ended.count_down(); });
  const std::jthread client([&] {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
    constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    ::send(fd, kRequest.data(), kRequest.size(), 0);
    handled.wait();
    do {
      ::kill(::getpid(), SIGTERM);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    } while (signals_again);
    char byte = 0;
    ::recv(fd, &byte, 1, 0);
    ::close(fd);
  });
  server.run();
  stopper.served();
  std::_Exit(7);
}

constexpr StopTimes kSoon{.databases = std::chrono::milliseconds(50),
                          .requests = std::chrono::milliseconds(200)};
constexpr StopTimes kLate{.databases = std::chrono::milliseconds(50),
                          .requests = std::chrono::hours(1)};

class StopperTest : public testing::Test {
 protected:
  StopperTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(StopperTest, EndsTheWorkThatARequestWaitsFor) {
  EXPECT_EXIT(serve_one_request(false, kLate, false), testing::ExitedWithCode(7), "");
}

TEST_F(StopperTest, EndsTheProcessWhereARequestGoesOn) {
  EXPECT_EXIT(serve_one_request(true, kSoon, false), testing::ExitedWithCode(1), "");
}

TEST_F(StopperTest, EndsAtOnceAtTheSecondSignal) {
  EXPECT_EXIT(serve_one_request(true, kLate, true), testing::ExitedWithCode(128 + SIGTERM), "");
}

TEST_F(StopperTest, EndsAtOnceBeforeThereIsAServer) {
  EXPECT_EXIT(
      {
        const Stopper stopper;
        ::kill(::getpid(), SIGTERM);
        std::this_thread::sleep_for(std::chrono::hours(1));
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace millrace::stopper_test
