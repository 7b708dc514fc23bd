// What a `millrace gc` is to remove, by its options.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/commands/gc.h"
#include "store/db/database.h"
#include "store/tracking/garbage.h"

namespace millrace {

struct GarbageCandidate {
  enum class Kind { Run, LoggedModel, Experiment };
  Kind kind = Kind::Run;
  std::string id;
  std::vector<tracking::Garbage> parts =
      {};  // a run or model itself; an experiment's logged models
  // Of an experiment: its runs, which are candidates before it.
  std::int64_t experiment_id = 0;
  std::vector<std::string> run_ids = {};
  std::string kept_because = {};  // not empty: it stays

  std::string what() const;  // "Run with ID x"
};

// Each once: runs, then logged models, then experiments. Throws, with MLflow's texts,
// INVALID_PARAMETER_VALUE for ids of what is active or too young, and RESOURCE_DOES_NOT_EXIST.
// `until_ms`: since when nothing may have been deleted.
std::vector<GarbageCandidate> select_garbage(Db& tracking, const GcOptions& options,
                                             std::int64_t until_ms);

}  // namespace millrace
