// Where the log goes: standard error, and nobody ever waits for who reads it.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <cstddef>
#include <mutex>
#include <string_view>

namespace millrace {

// Writes to a descriptor what that takes at once. What it does not take (a pipe that nobody reads,
// a stopped terminal) is dropped and counted, and the next line that gets through follows one that
// tells how many these were. Lines are cut at kLongest bytes. A line is written when the call
// returns, so the last ones before an exit are out.
class LogSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LogSink(int descriptor) : descriptor_(descriptor) {}

  // What a pipe takes whole or not at all.
  static constexpr std::size_t kLongest = 4096;

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  bool write(const spdlog::details::log_msg& message);

  const int descriptor_;
  std::size_t dropped_ = 0;
};

}  // namespace millrace
