#include "store/db/key_spelling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::key_spelling_test {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(LookAlikes, DifferInWhatACollationMayPassOver) {
  EXPECT_THAT(look_alikes({"F1", "f1", "loss"}), UnorderedElementsAre("F1", "f1"));
  EXPECT_THAT(look_alikes({"a", "a ", "A  ", "b"}), UnorderedElementsAre("a", "a ", "A  "));
  EXPECT_THAT(look_alikes({"a\x01", "a", "c"}), UnorderedElementsAre("a\x01", "a"));
  EXPECT_THAT(look_alikes({"vi", "uj", "Wy", "x"}), UnorderedElementsAre("vi", "uj", "Wy"));
}

TEST(LookAlikes, AreNotTheSameKeyTwice) {
  EXPECT_THAT(look_alikes({"a", "a", "b", " b", "a b", "ab"}), IsEmpty());
}

TEST(LookAlikes, AreAllBesideAKeyBeyondAscii) {
  EXPECT_THAT(look_alikes({"é", "e", "x"}), UnorderedElementsAre("é", "e", "x"));
}

TEST(LookAlikes, ThatAreMostAlikeComeFirst) {
  const std::vector<std::string> keys = look_alikes({"a", "é", "z", "Z"});
  EXPECT_THAT(std::vector(keys.begin(), keys.begin() + 2), UnorderedElementsAre("z", "Z"));
}

}  // namespace
}  // namespace millrace::key_spelling_test
