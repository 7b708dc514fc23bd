#include "api/http/connection_chunks.h"

#include <gtest/gtest.h>

namespace millrace::connection_chunks_test {
namespace {

struct Decoded {
  std::string body;
  std::string rest;
  bool ended = false;
  bool failed = false;
};

// Feeds `input` in pieces of `piece` bytes with room for `room` bytes of output at a time.
Decoded decode(std::string_view input, std::size_t piece, std::size_t room) {
  ChunkDecoder decoder;
  Decoded result;
  std::string pending;
  std::string output(room, '\0');
  while (!decoder.ended() && !decoder.failed()) {
    if (pending.empty()) {
      if (input.empty()) break;
      pending = input.substr(0, piece);
      input.remove_prefix(pending.size());
    }
    ChunkDecoder::Step step = decoder.decode(pending, output.data(), room);
    result.body.append(output, 0, step.produced);
    pending.erase(0, step.consumed);
  }
  result.rest = pending + std::string(input);
  result.ended = decoder.ended();
  result.failed = decoder.failed();
  return result;
}

TEST(ChunkDecoder, DecodesHoweverTheBytesComeAndLeavesTheNextRequest) {
  std::string body =
      "5\r\nhello\r\n00b;ext=\"a;b\"\r\n, wonderful\r\n1 \r\n!\r\n0\r\nTrailer: x\r\n\r\nGET /next";
  for (std::size_t piece : {1u, 2u, 3u, 7u, 1000u}) {
    for (std::size_t room : {1u, 4u, 1000u}) {
      Decoded decoded = decode(body, piece, room);
      EXPECT_TRUE(decoded.ended) << piece << " " << room;
      EXPECT_EQ(decoded.body, "hello, wonderful!");
      EXPECT_EQ(decoded.rest, "GET /next");
    }
  }
}

TEST(ChunkDecoder, FailsOnBrokenFraming) {
  for (const char* bad :
       {"x\r\n", "\r\n", "-1\r\na", "+1\r\na", "0x1\r\na", " 1\r\na", "1 ;a\r\nb\r\n", "1\na\r\n",
        "1\r\nab\r\n", "1\r\na\n", "1\r\na\rb", "ffffffffffffffffff\r\n",
        "000000000000000000001\r\na", "1;a\rb\r\na\r\n", "0\r\nbad trailer\r\n\r\n",
        "0\r\n folded: x\r\n\r\n", "0\r\nX: y\n\r\n", "0\r\n\n", "1\r\na\r\n\r\n"}) {
    for (std::size_t piece : {1u, 1000u}) {
      Decoded decoded = decode(bad, piece, 1000);
      EXPECT_TRUE(decoded.failed) << bad;
      EXPECT_FALSE(decoded.ended) << bad;
    }
  }
}

TEST(ChunkDecoder, WaitsForTheEnd) {
  for (const char* part :
       {"", "5", "5\r", "5\r\nhell", "5\r\nhello\r", "0\r\n", "0\r\n\r", "0\r\nX: y\r\n"}) {
    Decoded decoded = decode(part, 1, 1000);
    EXPECT_FALSE(decoded.failed) << part;
    EXPECT_FALSE(decoded.ended) << part;
  }
}

TEST(ChunkDecoder, BoundsExtensionsAndTrailers) {
  std::string extension = "1;" + std::string(ChunkDecoder::kLineBytes, 'a') + "\r\nb\r\n0\r\n\r\n";
  EXPECT_TRUE(decode(extension, 1000, 10).failed);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 20; ++i) trailers += "X: " + std::string(1000, 'a') + "\r\n";
  EXPECT_TRUE(decode(trailers + "\r\n", 1000, 10).failed);
}

}  // namespace
}  // namespace millrace::connection_chunks_test
