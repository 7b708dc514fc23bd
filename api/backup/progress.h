// What a long command tells meanwhile, and how it is interrupted.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

// "1.5 GiB", "12 KiB", "17 bytes".
std::string size_text(std::uint64_t bytes);

// One line on standard error: on a terminal it is written again and again, elsewhere there is one
// at the beginning of each step. Not thread-safe.
class Progress {
 public:
  explicit Progress(std::string command);  // "backup"
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Begins a step: "copying the database". `total` bytes, 0 where there is no telling.
  void step(std::string_view what, std::uint64_t total);
  void add(std::uint64_t bytes) { set(done_ + bytes); }
  // Bytes done of the step. Throws when the command was interrupted.
  void set(std::uint64_t done);
  void warn(const std::string& text);
  // Takes the line away, before other lines are printed.
  void clear();

 private:
  void show();

  const std::string command_;
  const bool terminal_;
  std::string what_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_;
};

// While it lives the signals that end a program (Ctrl-C, SIGTERM, SIGHUP) only set a mark, so that
// what is half done is taken away. One at a time.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  static bool requested();
  // Throws INVALID_STATE when it was.
  static void check();
};

}  // namespace millrace
