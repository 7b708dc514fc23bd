// The journal mode of a SQLite file: WAL while Millrace runs, what was found afterwards.
#pragma once

#include <string>

#include "store/db/sqlite/session.h"

namespace millrace {

// Whether the file's folder is on a file system known to be local. WAL needs memory shared between
// all who have the file open, which network file systems do not give.
bool on_local_file_system(const std::string& path);

class SqliteJournal {
 public:
  // Switches to WAL if the file system is local, else warns and leaves the mode as it is.
  // `session` outlives this.
  SqliteJournal(SqliteSession& session, const std::string& path);
  // Checkpoints and puts back the mode that was found, if nobody else has the file open.
  ~SqliteJournal();
  // Leaves everything as it is at the end: the file at the path is another one.
  void leave() { left_ = true; }
  SqliteJournal(const SqliteJournal&) = delete;
  SqliteJournal& operator=(const SqliteJournal&) = delete;

 private:
  SqliteSession& session_;
  std::string found_;
  bool switched_ = false;
  bool left_ = false;
};

}  // namespace millrace
