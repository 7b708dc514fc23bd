// Reads any bytes as the stream of a client: heads and chunked bodies. No crash, the same result
// however the bytes are split, and what was accepted can be written again without another meaning.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/connection_chunks.h"
#include "api/http/head.h"
#include "store/fuzz/fuzzing.h"

namespace {

using millrace::ChunkDecoder;
using millrace::RequestHead;
using millrace::fuzzing::require;

std::size_t head_end_in_pieces(std::string_view stream, std::size_t piece) {
  std::size_t searched = 0;
  for (std::size_t size = piece; size < stream.size(); size += piece) {
    std::size_t end = millrace::find_head_end(stream.substr(0, size), searched);
    if (end != std::string_view::npos) return end;
  }
  return millrace::find_head_end(stream, searched);
}

void check_head(const RequestHead& head) {
  std::string again =
      head.method + " " + head.target + (head.http11 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
  std::size_t framings = 0;
  bool has_host = false;
  for (const auto& [name, value] : head.headers) {
    again += name + ": " + value + "\r\n";
    framings += millrace::header_name_equals(name, "content-length");
    framings += millrace::header_name_equals(name, "transfer-encoding");
    has_host = has_host || millrace::header_name_equals(name, "host");
  }
  if (!has_host) again += "Host: \r\n";  // for a version that can do without
  again += "\r\n";
  require(framings <= 1);
  require(!head.chunked || head.content_length == 0);
  std::size_t searched = 0;
  require(millrace::find_head_end(again, searched) == again.size());
  auto second = millrace::parse_head(again, 1001);
  require(second && second->method == head.method && second->target == head.target);
  require(second->headers.size() == head.headers.size() + !has_host);
  require(second->chunked == head.chunked && second->content_length == head.content_length);
}

struct Decoded {
  std::string body;
  std::size_t consumed = 0;
  bool ended = false;
  bool failed = false;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view stream, std::size_t piece, std::size_t room) {
  ChunkDecoder decoder;
  Decoded result;
  std::array<char, 64> output{};
  while (result.consumed < stream.size() && !decoder.ended() && !decoder.failed()) {
    auto step = decoder.decode(stream.substr(result.consumed, piece), output.data(), room);
    require(step.consumed > 0 || step.produced > 0 || decoder.failed());
    result.body.append(output.data(), step.produced);
    result.consumed += step.consumed;
  }
  result.ended = decoder.ended();
  result.failed = decoder.failed();
  if (result.failed) result.consumed = 0;  // where it noticed depends on the pieces
  if (result.failed) result.body.clear();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream = millrace::fuzzing::text_of(data, size);
  millrace::is_hopeless_head(stream);
  std::size_t end = head_end_in_pieces(stream, stream.size() + 1);
  require(head_end_in_pieces(stream, 1) == end);
  require(head_end_in_pieces(stream, 7) == end);
  if (end == std::string_view::npos) return 0;
  auto head = millrace::parse_head(stream.substr(0, end), 1000);
  if (!head) return 0;
  check_head(*head);
  if (!head->chunked) return 0;
  Decoded whole = decode(stream.substr(end), stream.size(), 64);
  require(decode(stream.substr(end), 1, 64) == whole);
  require(decode(stream.substr(end), 5, 3) == whole);
  return 0;
}
