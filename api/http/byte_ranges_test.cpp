#include "api/http/byte_ranges.h"

#include <gtest/gtest.h>

namespace millrace::byte_ranges_test {
namespace {

// "0-2 4-6", "whole", "416" or the text of the refusal.
std::string native(std::string_view header, std::uint64_t size = 10) {
  const NativeRanges found = parse_native_ranges(header, size);
  if (!found.malformed.empty()) return found.malformed;
  if (!found.satisfiable) return "416";
  std::string text = found.ranges.empty() ? "whole" : "";
  for (const ByteRange& range : found.ranges) {
    text +=
        (text.empty() ? "" : " ") + std::to_string(range.begin) + "-" + std::to_string(range.end);
  }
  return text;
}

std::string classic(std::string_view header, std::uint64_t size = 10) {
  const auto found = parse_classic_range(header, size);
  return found ? std::to_string(found->begin) + "-" + std::to_string(found->end) : "416";
}

TEST(NativeRanges, OneRange) {
  EXPECT_EQ(native("bytes=0-0"), "0-1");
  EXPECT_EQ(native("bytes=3-"), "3-10");
  EXPECT_EQ(native("bytes=-3"), "7-10");
  EXPECT_EQ(native("bytes=-11"), "0-10");
  EXPECT_EQ(native("bytes=5-100"), "5-10");
  EXPECT_EQ(native("bytes=0-99999999999999999999"), "0-10");
}

TEST(NativeRanges, SeveralAreSortedAndOverlappingOnesJoined) {
  EXPECT_EQ(native("bytes=4-5,0-1"), "0-2 4-6");
  EXPECT_EQ(native("bytes=0-4,2-6"), "0-7");
  EXPECT_EQ(native("bytes=0-1,x"), "0-2");
}

TEST(NativeRanges, WhatCannotBeServed) {
  EXPECT_EQ(native("bytes=10-"), "416");
  EXPECT_EQ(native("bytes=-0"), "416");
  EXPECT_EQ(native("bytes=99999999999999999999-"), "416");
  EXPECT_EQ(native("bytes=0-0", 0), "416");
  EXPECT_EQ(native("bytes=0-1,20-30"), "416");
}

TEST(NativeRanges, Malformed) {
  EXPECT_EQ(native("bytes=x"), "Range header: range must be requested");
  EXPECT_EQ(native("bytes="), "Range header: range must be requested");
  EXPECT_EQ(native("lines=0-1"), "Only support bytes range");
  EXPECT_EQ(native("bytes=3-1"), "Range header: start must be less than end");
  EXPECT_EQ(native(""), "Malformed range header.");
}

TEST(NativeRanges, TooManyMeanTheWholeFile) {
  std::string header = "bytes=0-0";
  for (int i = 0; i < 100; ++i) header += ",2-2";
  EXPECT_EQ(native(header), "whole");
}

// Whatever a client asks for, only bytes of the file are sent.
TEST(NativeRanges, StayWithinTheFile) {
  const std::vector<std::string> ends{"",
                                      "-1",
                                      "0",
                                      "1",
                                      "9",
                                      "10",
                                      "11",
                                      "9223372036854775807",
                                      "9223372036854775808",
                                      "-9223372036854775808"};
  for (const std::string& begin : ends) {
    for (const std::string& end : ends) {
      for (const std::uint64_t size : {0, 1, 10}) {
        const std::string header = "bytes=" + begin + "-" + end;
        for (const ByteRange& range : parse_native_ranges(header, size).ranges) {
          EXPECT_LT(range.begin, range.end) << header;
          EXPECT_LE(range.end, size) << header;
        }
        if (size == 0) continue;
        if (const auto range = parse_classic_range(header, size)) {
          EXPECT_LE(range->begin, range->end) << header;
          EXPECT_LE(range->end, size) << header;
        }
      }
    }
  }
}

TEST(ClassicRange, OneRange) {
  EXPECT_EQ(classic("bytes=0-0"), "0-1");
  EXPECT_EQ(classic("bytes=3-"), "3-10");
  EXPECT_EQ(classic("bytes=-3"), "7-10");
  EXPECT_EQ(classic("BYTES=5-100"), "5-10");
}

TEST(ClassicRange, AllElseIsRefused) {
  for (const char* header : {"bytes=0-1,4-5", "bytes=10-", "bytes=-11", "bytes=-0", "bytes=3-1",
                             "bytes=x", "bytes=", "bytes", "lines=0-1", "bytes=1-2-3"}) {
    EXPECT_EQ(classic(header), "416") << header;
  }
}

}  // namespace
}  // namespace millrace::byte_ranges_test
