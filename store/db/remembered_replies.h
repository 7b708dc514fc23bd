// The replies to writes that their clients named, each kept in the transaction of its write: a
// write that comes again under its name is not carried out again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/db/database.h"

namespace millrace {

struct RememberedReply {
  std::string request = {};  // a digest of what was asked for; at most 64 characters
  int status = 0;
  std::string content_type = {};  // at most 255 characters
  std::string body = {};          // ASCII
};

// The names are digests, too: at most 64 characters, small letters and digits.
std::optional<RememberedReply> remembered_reply(Work& work, const std::string& name);

// Takes the name for a request, so that another one under it waits for this transaction, and then
// runs again. To be called before its changes.
void begin_reply(Work& work, const std::string& name, const std::string& request);

// Keeps the reply of a request that took the name in the same transaction.
void remember_reply(Work& work, const std::string& name, const RememberedReply& reply);

// Deletes of what was kept before that time (ms since the epoch) so many at most.
void sweep_replies(Db& db, const WorkOrder& order, std::int64_t before_ms, unsigned most);

}  // namespace millrace
