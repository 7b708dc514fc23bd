// The artifacts of what gc has removed and whose files are still to be deleted, in the table
// millrace_trash: written in the transaction that removes the rows, so that a crash between the two
// leaves a list of files and no files that nothing leads to.
#pragma once

#include <cstdint>
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

// Whether its run or model is there again, as in a database that was put back: its files are in use
// then.
bool has_row_again(Work& work, const Trash& item);

// Once the files are gone. One that is not there is no error.
void forget_trash(Work& work, const Trash& item);

}  // namespace millrace::tracking
