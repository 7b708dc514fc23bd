#include "api/commands/database_wait.h"

#include <gmock/gmock.h>

#include <vector>

#include "store/common/error.h"

namespace millrace::database_wait_test {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

class DatabaseWait : public testing::Test {
 protected:
  // Fails so many times; gives the code of what came out, or nothing.
  std::optional<ErrorCode> wait(int failures, ErrorCode code = ErrorCode::TemporarilyUnavailable) {
    try {
      try_until_reachable(
          [&] {
            if (tries_++ < failures) throw Error(code, "Connection\n\trefused");
          },
          [&](milliseconds pause) { pauses_.push_back(pause); });
    } catch (const Error& error) {
      return error.code();
    }
    return std::nullopt;
  }

  int tries_ = 0;
  std::vector<milliseconds> pauses_;
};

TEST_F(DatabaseWait, EndsWithTheFirstSuccess) {
  EXPECT_EQ(wait(3), std::nullopt);
  EXPECT_EQ(tries_, 4);
  EXPECT_THAT(pauses_, ElementsAre(milliseconds(100), milliseconds(300), milliseconds(700)));
}

TEST_F(DatabaseWait, GivesUpAfterTheTimeThatMlflowGives) {
  EXPECT_EQ(wait(1000), ErrorCode::TemporarilyUnavailable);
  EXPECT_EQ(tries_, 10);
  milliseconds all{0};
  for (const milliseconds one : pauses_) all += one;
  EXPECT_EQ(pauses_.back(), milliseconds(51'100));
  EXPECT_EQ(all, milliseconds(101'300));
}

TEST_F(DatabaseWait, DoesNotWaitForWhatStaysWrong) {
  EXPECT_EQ(wait(1000, ErrorCode::InvalidState), ErrorCode::InvalidState);
  EXPECT_EQ(tries_, 1);
  EXPECT_THAT(pauses_, testing::IsEmpty());
}

}  // namespace
}  // namespace millrace::database_wait_test
