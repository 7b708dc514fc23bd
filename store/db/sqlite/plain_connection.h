// A bare connection to a SQLite file: what is done to files as a whole, beside the sessions that
// bodies run on.
#pragma once

#include <soci/sqlite3/soci-sqlite3.h>

#include <functional>
#include <string>

namespace millrace {

// Not thread-safe. Throws Error: TEMPORARILY_UNAVAILABLE when others lock the file for too long,
// INSUFFICIENT_STORAGE for a full disk, INVALID_STATE for a damaged file and one that is no
// database, INTERNAL_ERROR for the rest. The messages name the file.
class SqlitePlainConnection {
 public:
  enum class Mode { ReadOnly, ReadWrite };

  // The file at `path` must be there.
  SqlitePlainConnection(std::string path, Mode mode);
  ~SqlitePlainConnection();
  SqlitePlainConnection(const SqlitePlainConnection&) = delete;
  SqlitePlainConnection& operator=(const SqlitePlainConnection&) = delete;

  // Runs one statement to its end. Gives the first column of its first row as text, or nothing.
  std::string run(const char* sql);

  // While it runs, asks now and then whether to end it, which throws TEMPORARILY_UNAVAILABLE.
  void end_when(std::function<bool()> wants_stop);

  // How long it waits for locks of others; 20 seconds at first.
  void set_patience(int milliseconds);

  [[noreturn]] void fail(int code) const;
  const std::string& path() const { return path_; }
  sqlite_api::sqlite3* handle() { return handle_; }

 private:
  const std::string path_;
  sqlite_api::sqlite3* handle_ = nullptr;
  std::function<bool()> wants_stop_;
};

}  // namespace millrace
