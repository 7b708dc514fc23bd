// Undoes the chunked transfer coding, bytes split anywhere. Pure, no input or output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

class ChunkDecoder {
 public:
  struct Step {
    std::size_t consumed;  // bytes of the input that are done with
    std::size_t produced;  // bytes written to the output
  };

  // Decodes until the input is used up, the output is full, or the body has ended.
  // Chunk extensions and trailers are checked, bounded (kLineBytes, kTrailerBytes) and dropped.
  Step decode(std::string_view input, char* output, std::size_t size);

  bool ended() const { return state_ == State::Ended; }
  // The framing is wrong; decode makes no progress from here on.
  bool failed() const { return state_ == State::Failed; }

  static constexpr std::size_t kLineBytes = 4 * 1024;
  static constexpr std::size_t kTrailerBytes = 16 * 1024;

 private:
  enum class State { Size, Data, DataEnd, Trailer, Ended, Failed };

  // Collects a line up to its LF; true when line_ holds it without its CRLF.
  bool take_line(std::string_view input, std::size_t& at);
  State after_size_line();
  State after_trailer_line();

  State state_ = State::Size;
  std::uint64_t left_ = 0;  // of the chunk that is being read
  std::string line_;
  std::size_t trailer_bytes_ = 0;
};

}  // namespace millrace
