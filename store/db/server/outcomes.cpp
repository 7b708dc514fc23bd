#include "store/db/server/outcomes.h"

#include <random>

#include "store/common/clock.h"

namespace millrace {
namespace {

// Until then tokens stand in the way of a write that was told to be lost and comes late.
constexpr std::int64_t kOldMs = std::int64_t{10} * 60 * 1000;
// What one write deletes is what came in a second or, where few come, in so many turns.
constexpr std::int64_t kMarkMs = 1000;
constexpr std::int64_t kMarkTurns = 32;
// After which nobody looks for an outcome any more.
constexpr std::int64_t kLongGoneMs = std::int64_t{24} * 60 * 60 * 1000;

std::int64_t random_writer() {
  std::random_device random;
  return std::uniform_int_distribution<std::int64_t>(1)(random);
}

}  // namespace

std::vector<std::string> OutcomeToken::statements() const {
  std::vector<std::string> statements;
  const std::string id = std::to_string(writer), number = std::to_string(turn);
  if (old_turns_end > 0) {
    statements.push_back("DELETE FROM millrace_outcomes WHERE writer = " + id + " AND turn < " +
                         std::to_string(old_turns_end));
  }
  statements.push_back("INSERT INTO millrace_outcomes (writer, turn, saved, written_ms) VALUES (" +
                       id + ", " + number + ", 1, " + std::to_string(now_ms()) + ")");
  return statements;
}

bool was_saved(Session& session, const OutcomeToken& token) {
  try {
    session.execute_guarded(
        "INSERT INTO millrace_outcomes (writer, turn, saved, written_ms)"
        " VALUES (:writer, :turn, 0, :now)",
        {token.writer, token.turn, now_ms()});
    return false;
  } catch (const UniqueViolation&) {
    const auto row = session.first<std::int64_t>(
        "SELECT saved FROM millrace_outcomes WHERE writer = :writer AND turn = :turn",
        {token.writer, token.turn});
    return row && std::get<0>(*row) == 1;  // else an earlier look took the place
  }
}

void sweep_outcomes(Session& session) {
  session.execute("DELETE FROM millrace_outcomes WHERE written_ms < :long_gone",
                  {now_ms() - kLongGoneMs});
}

OutcomeToken OutcomeWriters::take() {
  const std::lock_guard lock(mutex_);
  OutcomeToken token;
  if (!free_.empty()) {
    token = free_.back();
    free_.pop_back();
  }
  if (token.writer == 0) token.writer = random_writer();
  count_turn(token, marks_[token.writer]);
  return token;
}

void OutcomeWriters::count_turn(OutcomeToken& token, std::deque<Mark>& marks) {
  const std::int64_t now = now_ms();
  ++token.turn;
  token.old_turns_end = 0;
  if (!marks.empty() && now - marks.front().taken_ms >= kOldMs) {
    token.old_turns_end = marks.front().turn;
    marks.pop_front();
  }
  if (marks.empty() ||
      (now - marks.back().taken_ms >= kMarkMs && token.turn - marks.back().turn >= kMarkTurns)) {
    marks.push_back({token.turn, now});
  }
}

void OutcomeWriters::give_back(const OutcomeToken& token) {
  const std::lock_guard lock(mutex_);
  free_.push_back(token);
}

}  // namespace millrace
