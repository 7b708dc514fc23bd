#include "store/db/server/outcomes.h"

#include <random>

#include "store/common/clock.h"

namespace millrace {
namespace {

// A writer deletes its old tokens at each turn of this many: those that are as many turns, and so
// long, ago. Until then they stand in the way of a write that was told to be lost and comes late.
constexpr std::int64_t kSweepTurns = 32;
constexpr std::int64_t kOldMs = std::int64_t{10} * 60 * 1000;
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
  if (turn % kSweepTurns == 0) {
    statements.push_back("DELETE FROM millrace_outcomes WHERE writer = " + id + " AND turn < " +
                         std::to_string(turn - kSweepTurns) + " AND written_ms < " +
                         std::to_string(now_ms() - kOldMs));
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
  OutcomeToken token;
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      token = free_.back();
      free_.pop_back();
    }
  }
  if (token.writer == 0) token.writer = random_writer();
  ++token.turn;
  return token;
}

void OutcomeWriters::give_back(const OutcomeToken& token) {
  const std::lock_guard lock(mutex_);
  free_.push_back(token);
}

}  // namespace millrace
