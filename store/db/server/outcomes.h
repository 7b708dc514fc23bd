// What became of a write whose connection was lost while it was being saved: each write leaves a
// token, a row of ours, in its own transaction.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/db/session.h"

namespace millrace {

struct OutcomeToken {
  std::int64_t writer = 0;  // one transaction at a time has it
  std::int64_t turn = 0;    // of that writer
  // The writer's tokens of turns before this one are deleted with it; 0: none are.
  std::int64_t old_turns_end = 0;

  // The statements of the write itself, which go with its COMMIT.
  std::vector<std::string> statements() const;
};

// In a transaction of its own: whether the write with that token is saved. If not, it cannot be any
// more once this is: the token's place is taken. Waits for a transaction that is still under way.
bool was_saved(Session& session, const OutcomeToken& token);

// Deletes the tokens of writers that have long gone.
void sweep_outcomes(Session& session);

// The writers of one process, as many as there are writes at the same time. Thread-safe.
class OutcomeWriters {
 public:
  // The next token of a writer that nobody else has until give_back(). Tokens become old after ten
  // minutes.
  OutcomeToken take();
  // To be called once the outcome is known; one that never is keeps its writer.
  void give_back(const OutcomeToken& token);

 private:
  // When a turn was taken, in ms since the epoch.
  struct Mark {
    std::int64_t turn, taken_ms;
  };

  static void count_turn(OutcomeToken& token, std::deque<Mark>& marks);

  std::mutex mutex_;                // guards what follows
  std::vector<OutcomeToken> free_;  // with the turns that they have had
  // Of each writer, some of its turns that are not old: what is deleted is found without a look at
  // what is not.
  std::unordered_map<std::int64_t, std::deque<Mark>> marks_;
};

}  // namespace millrace
