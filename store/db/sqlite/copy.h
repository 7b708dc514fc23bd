// Copies of SQLite databases.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace millrace {

// What a long copy tells and asks.
struct CopyWatch {
  std::function<void(std::uint64_t done, std::uint64_t total)> copied;  // bytes; may throw
  std::function<bool()> wants_stop;                                     // then it throws
};

// Copies the database at `path` as it is at the call, page by page, to the empty file at `target`,
// which others do not touch meanwhile. Every change that was committed before the call is in it.
// Others go on reading, and in WAL mode writing, however long it takes: it reads one snapshot and
// never begins anew, but keeps the log from being started over until it ends. In the other journal
// modes commits wait for its end. Writes neither into the database nor to its log. The copy needs
// no log; its pages are checked (quick_check). What it holds in memory does not grow with the
// database.
// Throws Error, with messages that name the file: TEMPORARILY_UNAVAILABLE, INSUFFICIENT_STORAGE,
// INVALID_STATE for a damaged database, INTERNAL_ERROR.
void copy_sqlite(const std::string& path, const std::string& target, const CopyWatch& watch);

// Throws INVALID_STATE when the file at `path`, which nobody else uses, is no sound SQLite
// database.
void require_sound_sqlite(const std::string& path, const std::function<bool()>& wants_stop);

}  // namespace millrace
