#include "store/registry/model_lock.h"

namespace millrace::registry {

void count_turn(Work& work, const std::string& name) {
  static constexpr const char* kInsert =
      "INSERT INTO millrace_model_turns (name, turn) VALUES (:name, 1)";
  work.execute(std::string(kInsert) +
                   (work.dialect() == Dialect::Mysql
                        ? " ON DUPLICATE KEY UPDATE turn = turn + 1"
                        : " ON CONFLICT (name) DO UPDATE SET turn = millrace_model_turns.turn + 1"),
               {name});
}

}  // namespace millrace::registry
