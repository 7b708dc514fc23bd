#include "api/commands/database_wait.h"

#include <spdlog/spdlog.h>

#include <string>
#include <thread>

#include "store/common/error.h"

namespace millrace {
namespace {

constexpr int kTries = 10;

// 0.1, 0.3, 0.7, 1.5, ... 51.1 s.
std::chrono::milliseconds pause_after(int failures) {
  return std::chrono::milliseconds(100) * ((1 << failures) - 1);
}

// Client libraries write several lines, indented.
std::string on_one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace

void pause_for(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

void try_until_reachable(const std::function<void()>& open,
                         const std::function<void(std::chrono::milliseconds)>& pause) {
  for (int failures = 1;; ++failures) {
    try {
      return open();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::TemporarilyUnavailable || failures == kTries) throw;
      const auto length = pause_after(failures);
      spdlog::warn("{} (try {} of {}; the next in {:.1f} s)", on_one_line(error.message()),
                   failures, kTries, std::chrono::duration<double>(length).count());
      pause(length);
    }
  }
}

}  // namespace millrace
