// The artifacts of what gc has removed and whose files are still to be deleted, in the table
// millrace_trash: written in the transaction that removes the rows, so that a crash between the two
// leaves a list of files and no files that nothing leads to.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "store/db/database.h"

namespace millrace::tracking {

enum class GarbageKind { Run, LoggedModel };

// "Run" and "Logged model", as messages begin.
std::string_view name_of(GarbageKind kind);

struct Trash {
  GarbageKind kind = GarbageKind::Run;
  std::string id;
  std::string artifact_uri;
  std::int64_t removed_ms = 0;  // since the epoch
};

// What is to be deleted, by kind and id.
std::vector<Trash> list_trash(Work& work);

// Each kind and id once. One that is there already takes the new place.
void put_into_trash(Work& work, const std::vector<Trash>& items);

// The ids of those whose run or model is there again, as in a database that was put back: their
// files are in use then.
std::set<std::string> ids_with_rows_again(Work& work, const std::vector<Trash>& items);

// Once the files are gone. One that is not there is no error.
void forget_trash(Work& work, const std::vector<Trash>& items);

}  // namespace millrace::tracking
