#include "store/registry/model_lock.h"

namespace millrace::registry {

void count_turn(Session& session, Dialect dialect, const std::string& name) {
  static constexpr const char* kInsert =
      "INSERT INTO millrace_model_turns (name, turn) VALUES (:name, 1)";
  session.execute(
      std::string(kInsert) +
          (dialect == Dialect::Mysql
               ? " ON DUPLICATE KEY UPDATE turn = turn + 1"
               : " ON CONFLICT (name) DO UPDATE SET turn = millrace_model_turns.turn + 1"),
      {name});
}

}  // namespace millrace::registry
