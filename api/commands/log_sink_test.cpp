#include "api/commands/log_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

namespace millrace::log_sink_test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// The ends of a pipe, or of a pair of sockets: one for the log, one for its reader.
class Ends {
 public:
  explicit Ends(bool sockets) {
    if (sockets) {
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()), 0);
    } else {
      EXPECT_EQ(::pipe(ends_.data()), 0);
    }
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~Ends() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;

  int log() const { return ends_[1]; }
  std::string read() const {
    std::string all;
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = ::read(ends_[0], buffer.data(), buffer.size())) > 0;) {
      all.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return all;
  }

 private:
  std::array<int, 2> ends_{};
};

class LogSinkTest : public testing::TestWithParam<bool> {};

TEST_P(LogSinkTest, DropsWhatNobodyReadsAndTellsSo) {
  const Ends ends(GetParam());
  spdlog::logger logger("test", std::make_shared<LogSink>(ends.log()));
  logger.set_pattern("%l: %v");
  logger.info("first");
  EXPECT_EQ(ends.read(), "info: first\n");
  const std::string line(100, 'x');
  constexpr int kLines = 10'000;  // far more than fit
  for (int i = 0; i < kLines; ++i) logger.info(line);
  const std::string got = ends.read();
  EXPECT_THAT(got, EndsWith("x\n"));
  const auto lines = static_cast<int>(got.size() / (line.size() + 7));
  EXPECT_EQ(got.size() % (line.size() + 7), 0U);
  logger.info("last");
  EXPECT_EQ(ends.read(), "warning: " + std::to_string(kLines - lines) +
                             " lines of this log are missing: nobody read them\ninfo: last\n");
}

INSTANTIATE_TEST_SUITE_P(PipeAndSocket, LogSinkTest, testing::Bool());

TEST(LogSink, CutsALineThatIsTooLong) {
  const Ends ends(false);
  spdlog::logger logger("test", std::make_shared<LogSink>(ends.log()));
  logger.set_pattern("%v");
  logger.info(std::string(2 * LogSink::kLongest, 'x'));
  EXPECT_EQ(ends.read(), std::string(LogSink::kLongest - 1, 'x') + "\n");
}

}  // namespace
}  // namespace millrace::log_sink_test
