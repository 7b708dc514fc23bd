// Whether this server can do its work: what /readyz answers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api/rules/artifact_roots.h"
#include "store/db/database.h"

namespace millrace {

// What must be well, in words that may be shown to anybody: no host, no path, no message of a
// database.
struct ReadinessCheck {
  std::string_view name;
  // What is wrong, or an empty text. May block, and may throw: that is "failed".
  std::function<std::string()> problem;
  // Whether only a new start of the process can help; does not block.
  std::function<bool()> is_lost = {};
};

// Too little for anything large, and enough to end in good order.
inline constexpr std::uint64_t kLeastRoom = std::uint64_t{8} << 20U;  // bytes

// The checks of a server: artifacts can be written, where new ones come here; each database
// answers, has the schema version that it had when this was called, has our own tables in a version
// that is for this program, and takes writes; temporary files can be written; and all that is
// written on this machine has kLeastRoom. A write is tried, by one that leaves nothing, only while
// the last one failed. `registry` is null where it is the tracking database. Reads the databases.
std::vector<ReadinessCheck> readiness_checks(Db& tracking, Db* registry,
                                             const ArtifactRoots& artifacts);

// Runs the checks on a thread of its own, and not more than once a second however many ask. Once
// somebody has asked it goes on for a minute: who asks again has an answer at once, whatever a
// database does. Thread-safe.
class Readiness {
 public:
  struct Timing {
    std::chrono::milliseconds fresh{1000};   // a result is given to all within this time
    std::chrono::milliseconds usable{3000};  // ... and within this one while the next is under way
    std::chrono::milliseconds limit{2000};   // a check that takes longer has failed
    std::chrono::milliseconds kept{60'000};  // after a question, the results are kept fresh so long
  };
  struct Result {
    std::string_view name;  // the check that failed; empty: ready
    std::string problem;
    bool ready() const { return name.empty(); }
  };

  explicit Readiness(std::vector<ReadinessCheck> checks) : Readiness(std::move(checks), Timing()) {}
  Readiness(std::vector<ReadinessCheck> checks, Timing timing);
  // Waits for the check that is under way.
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // The first check that only a new start of the process can mend, or an empty text: what /livez
  // answers.
  std::string_view lost() const;

  // The first check that fails. Returns after `limit` at the latest; at once where a check has been
  // under way for longer than that.
  Result result();

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  void wait_for_next_run(std::unique_lock<std::mutex>& lock);
  Result run_checks();
  void log_change(const Result& result);

  const std::vector<ReadinessCheck> checks_;
  const Timing timing_;
  std::mutex mutex_;
  std::condition_variable asked_, done_;
  bool running_ = false, stopping_ = false;
  Clock::time_point asked_at_, started_, finished_;
  std::uint64_t runs_ = 0;  // that have ended
  Result last_;             // of the last run
  std::string_view current_;
  std::string logged_;  // the last problem in the log
  std::thread thread_;
};

}  // namespace millrace
