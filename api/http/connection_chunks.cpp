#include "api/http/connection_chunks.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "api/http/head.h"

namespace millrace {

namespace {

constexpr std::ptrdiff_t kSizeDigits = 20;

}  // namespace

ChunkDecoder::Step ChunkDecoder::decode(std::string_view input, char* output, std::size_t size) {
  std::size_t at = 0;
  std::size_t produced = 0;
  while (at < input.size() && !ended() && !failed()) {
    if (state_ == State::Data) {
      std::size_t part =
          std::min({left_, std::uint64_t{input.size() - at}, std::uint64_t{size - produced}});
      if (part == 0) break;
      std::copy_n(input.data() + at, part, output + produced);
      at += part;
      produced += part;
      left_ -= part;
      if (left_ == 0) state_ = State::DataEnd;
    } else if (take_line(input, at)) {
      if (state_ == State::DataEnd) {
        state_ = line_.empty() ? State::Size : State::Failed;
      } else {
        state_ = state_ == State::Size ? after_size_line() : after_trailer_line();
      }
      line_.clear();
    }
  }
  return {at, produced};
}

bool ChunkDecoder::take_line(std::string_view input, std::size_t& at) {
  std::size_t end = input.find('\n', at);
  std::size_t stop = end == std::string_view::npos ? input.size() : end + 1;
  line_.append(input, at, stop - at);
  at = stop;
  bool wrong_end = state_ == State::DataEnd && !std::string_view("\r\n").starts_with(line_);
  if (line_.size() > kLineBytes || wrong_end) {
    state_ = State::Failed;
    return false;
  }
  if (end == std::string_view::npos) return false;
  // A bare LF, or a CR elsewhere in the line, is read differently by different servers.
  if (!line_.ends_with("\r\n") || line_.find('\r') != line_.size() - 2) {
    state_ = State::Failed;
    return false;
  }
  line_.resize(line_.size() - 2);
  return true;
}

ChunkDecoder::State ChunkDecoder::after_size_line() {
  const char* begin = line_.data();
  const char* end = begin + line_.size();
  auto [rest, error] = std::from_chars(begin, end, left_, 16);
  if (error != std::errc() || rest - begin > kSizeDigits) return State::Failed;
  bool blank_rest = std::all_of(rest, end, [](char c) { return c == ' ' || c == '\t'; });
  if (!blank_rest && *rest != ';') return State::Failed;
  return left_ == 0 ? State::Trailer : State::Data;
}

ChunkDecoder::State ChunkDecoder::after_trailer_line() {
  if (line_.empty()) return State::Ended;
  trailer_bytes_ += line_.size();
  return trailer_bytes_ > kTrailerBytes || !is_header_line(line_) ? State::Failed : State::Trailer;
}

}  // namespace millrace
