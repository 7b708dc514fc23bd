#include "store/db/server/placeholders.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::placeholders_test {
namespace {

std::string numbered(std::string_view sql, std::size_t wanted) {
  std::string result;
  take_apart(
      sql, wanted, [&](std::string_view part) { result += part; },
      [&](std::size_t place) { result += "$" + std::to_string(place + 1); });
  return result;
}

TEST(Placeholders, StandForValuesInTheirOrder) {
  EXPECT_EQ(numbered("SELECT 1", 0), "SELECT 1");
  EXPECT_EQ(numbered("a = :a_1 AND b=:B2,:c", 3), "a = $1 AND b=$2,$3");
  EXPECT_EQ(numbered(":a", 1), "$1");
}

TEST(Placeholders, AreNotInQuotesNorCasts) {
  EXPECT_EQ(numbered("':x' || \":y\" || :z || ''':q'''", 1), "':x' || \":y\" || $1 || ''':q'''");
  EXPECT_EQ(numbered(":x::text, a : b, :", 1), "$1::text, a : b, :");
  EXPECT_EQ(numbered("'open :x", 0), "'open :x");
}

TEST(Placeholders, AreAsManyAsTheValues) {
  EXPECT_THROW(numbered(":a", 0), Error);
  EXPECT_THROW(numbered(":a", 2), Error);
}

}  // namespace
}  // namespace millrace::placeholders_test
