// A server whose memory ends for a moment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "api/http/connection.h"
#include "api/http/server_test_client.h"

namespace {

// The next allocations of this size fail.
std::atomic<std::size_t> failing_size{0};

}  // namespace

// NOLINTBEGIN: these replace the standard library's
void* operator new(std::size_t size) {
  if (size == failing_size.load(std::memory_order_relaxed)) throw std::bad_alloc();
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
// NOLINTEND

namespace millrace::server_memory_test {
namespace {

using namespace server_test;  // NOLINT(google-build-using-namespace): made for these tests

TEST(ServerMemory, OneConnectionThatCannotBeMadeEndsAlone) {
  RunningServer running(echo);
  Client before(running.port());
  before.send(get("/before"));
  EXPECT_THAT(before.receive("]\n"), testing::EndsWith("GET /before []\n"));
  failing_size = sizeof(Connection);
  for (int i = 0; i < 3; ++i) {
    Client refused(running.port());
    EXPECT_EQ(refused.receive_all(), "");
  }
  failing_size = 0;
  before.send(get("/again"));
  EXPECT_THAT(before.receive("]\n"), testing::EndsWith("GET /again []\n"));
  Client after(running.port());
  after.send(get("/after"));
  EXPECT_THAT(after.receive("]\n"), testing::EndsWith("GET /after []\n"));
}

}  // namespace
}  // namespace millrace::server_memory_test
