// `millrace db`: looks after the database of a server.
#pragma once

#include "api/settings/config.h"

namespace millrace {

struct DbCommand {
  enum class Verb { Check, Upgrade, Detach };
  Verb verb = Verb::Check;
  bool create_database = false;  // for Upgrade: on a database server, if it is not there
};

// On the database of the backend store. Says on standard output what is done and returns the exit
// code. Throws Error with a message for the administrator.
int run_db_command(const Config& config, const DbCommand& command);

}  // namespace millrace
