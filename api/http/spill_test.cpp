#include "api/http/spill.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "store/common/error.h"

namespace millrace::spill_test {
namespace {

TEST(Spill, ASmallReplyStaysInMemory) {
  Spill spill;
  spill.text() += "{}";
  spill.roll();
  const HttpResponse response = spill.reply("application/json");
  EXPECT_EQ(response.body, "{}");
  EXPECT_EQ(response.source, nullptr);
}

TEST(Spill, ALargeReplyComesBackWhole) {
  Spill spill;
  std::string expected;
  for (int i = 0; i < 300'000; ++i) {
    const std::string piece = "row " + std::to_string(i) + "\n";
    spill.text() += piece;
    expected += piece;
    spill.roll();
    ASSERT_LT(spill.text().size(), kSpillAfter);
  }
  const HttpResponse response = spill.reply("text/plain");
  ASSERT_NE(response.source, nullptr);
  EXPECT_EQ(response.source->size(), expected.size());
  std::string received;
  std::array<char, 7777> buffer;
  while (const std::size_t size = response.source->read(buffer.data(), buffer.size())) {
    received.append(buffer.data(), size);
  }
  EXPECT_EQ(received, expected);
}

TEST(Spill, AFolderThatIsNotThereIsAClearError) {
  const char* before = std::getenv("TMPDIR");
  const std::string saved = before == nullptr ? "" : before;
  setenv("TMPDIR", "/nowhere", 1);
  Spill spill;
  spill.text().assign(kSpillAfter, 'x');
  EXPECT_THROW(spill.roll(), Error);
  if (before == nullptr) {
    unsetenv("TMPDIR");
  } else {
    setenv("TMPDIR", saved.c_str(), 1);
  }
}

}  // namespace
}  // namespace millrace::spill_test
