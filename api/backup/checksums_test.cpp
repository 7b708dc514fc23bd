#include "api/backup/checksums.h"

#include <gtest/gtest.h>

#include "store/text/sha256.h"

namespace millrace::checksums_test {
namespace {

TEST(Checksums, AreThoseOfSha256sum) {
  Sha256 sum;
  sum.add("a");
  sum.add("bc");
  const std::string digits = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(sum.digits(), digits);
  EXPECT_EQ(checksum_line(digits, "a b"), digits + "  a b");
  EXPECT_EQ(checksum_line(digits, "a\nb\\c\r"), "\\" + digits + "  a\\nb\\\\c\\r");
}

TEST(Checksums, LinesTellTheirPaths) {
  const std::string digits(64, '0');
  for (const std::string path : {"a", "a b", "a\nb", "a\\nb", "\\", "a\r\n\\\\n"}) {
    EXPECT_EQ(path_of_checksum_line(checksum_line(digits, path)), path);
  }
  for (const std::string& line : {std::string(), std::string("x"), digits, digits + "  ",
                                  digits + " *a", digits.substr(1) + "  a"}) {
    EXPECT_EQ(path_of_checksum_line(line), "");
  }
}

TEST(Checksums, SpooledLinesComeBack) {
  LineSpool lines;
  std::uint64_t size = 0;
  for (int i = 0; i < 10'000; ++i) {
    lines.add(std::to_string(i));
    size += std::to_string(i).size() + 1;
  }
  EXPECT_EQ(lines.size(), size);
  lines.rewind();
  std::string line;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(lines.next(line));
    ASSERT_EQ(line, std::to_string(i));
  }
  EXPECT_FALSE(lines.next(line));
}

}  // namespace
}  // namespace millrace::checksums_test
