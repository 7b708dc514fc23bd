// What puts the changes of one model into an order.
#pragma once

#include <string>

#include "store/db/database.h"

namespace millrace::registry {

// Counts the model's turn up. That is a write, so it holds wherever two can meet: on a server the
// second one waits for the first one's commit, on Galera's nodes one of two is certified and the
// other runs again. Time is read after it.
void count_turn(Session& session, Dialect dialect, const std::string& name);

// The first thing that every change does whose order matters: create of a version, stage, alias,
// rename, delete. `require()` throws when the model, or what else must be there, is not.
template <class Require>
void lock_model(Session& session, Dialect dialect, const std::string& name, Require&& require) {
  // On SQLite a writer is alone, and a refusal that has changed nothing costs nobody else anything.
  if (dialect == Dialect::Sqlite) {
    require();
    count_turn(session, dialect, name);
  } else {
    count_turn(session, dialect, name);
    require();
  }
}

}  // namespace millrace::registry
