// What puts the changes of one model into an order.
#pragma once

#include <string>

#include "store/db/work.h"

namespace millrace::registry {

// Counts the model's turn up. That is a write, so it holds wherever two can meet: on a server the
// second one waits for the first one's commit, on Galera's nodes one of two is certified and the
// other runs again. The time of the work is read after it.
void count_turn(Work& work, const std::string& name);

// The first thing that every change does whose order matters: create of a version, stage, alias,
// rename, delete. `require()` throws when the model, or what else must be there, is not: asked
// before, so that what is refused has changed nothing, and where there are other writers again.
template <class Require>
void lock_model(Work& work, const std::string& name, Require&& require) {
  require();
  count_turn(work, name);
  work.read_clock_anew();
  if (work.dialect() != Dialect::Sqlite) require();
}

}  // namespace millrace::registry
