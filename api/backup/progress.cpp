#include "api/backup/progress.h"

#include <signal.h>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "store/common/error.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetweenLines{100};
constexpr std::array<int, 3> kSignals{SIGINT, SIGTERM, SIGHUP};

volatile sig_atomic_t interrupted = 0;
std::array<struct sigaction, kSignals.size()> actions_before{};

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kStep = 1024;
  if (bytes < kStep) return fmt::format("{} bytes", bytes);
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  constexpr std::array<const char*, 5> kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  while (size >= kStep && unit + 1 < kUnits.size()) {
    size /= kStep;
    ++unit;
  }
  return fmt::format("{:.1f} {}", size, kUnits.at(unit));
}

Progress::Progress(std::string command)
    : command_(std::move(command)), terminal_(::isatty(STDERR_FILENO) == 1) {}

void Progress::step(std::string_view what, std::uint64_t total) {
  what_ = what;
  done_ = 0;
  total_ = total;
  next_ = {};
  if (terminal_) {
    show();
  } else {
    const std::string size = total == 0 ? "" : ", " + size_text(total);
    fmt::print(stderr, "{}: {}{}\n", command_, what_, size);
  }
}

void Progress::set(std::uint64_t done) {
  done_ = done;
  Interruption::check();
  if (terminal_ && Clock::now() >= next_) show();
}

void Progress::warn(const std::string& text) {
  clear();
  fmt::print(stderr, "WARNING: {}\n", text);
}

void Progress::clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  shown_ = false;
}

void Progress::show() {
  next_ = Clock::now() + kBetweenLines;
  shown_ = true;
  fmt::print(stderr, "\r\033[K{}: {}", command_, what_);
  if (total_ > 0) {
    const auto percent =
        std::min<std::uint64_t>(100, done_ / std::max<std::uint64_t>(total_ / 100, 1));
    fmt::print(stderr, " {} of {}, {} %", size_text(done_), size_text(total_), percent);
  }
  std::fflush(stderr);
}

Interruption::Interruption() {
  interrupted = 0;
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals.at(i), &action, &actions_before.at(i));
  }
}

Interruption::~Interruption() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals.at(i), &actions_before.at(i), nullptr);
  }
}

bool Interruption::requested() { return interrupted != 0; }

void Interruption::check() {
  if (requested()) throw Error(ErrorCode::InvalidState, "Interrupted; nothing was left behind.");
}

}  // namespace millrace
