// One connection to a database outside the lanes and pools, with which it is set up and changed as
// a whole.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/common/error.h"
#include "store/common/value.h"
#include "store/db/database_uri.h"

namespace millrace {

// What a transaction of an Administration does about foreign keys, on SQLite; elsewhere they always
// hold. CheckedAtEnd is for rebuilding a table that others refer to: nothing is enforced meanwhile,
// and the commit is refused when it would leave more rows that refer to nothing than it has found.
enum class ForeignKeys { Enforced, CheckedAtEnd };

// Not thread-safe. Outside of begin() and commit() every statement is a transaction of its own. All
// methods throw TEMPORARILY_UNAVAILABLE for a lock that others keep or a conflict with them,
// INSUFFICIENT_STORAGE for a full disk, else INVALID_STATE with the database's words: they are for
// administrators.
class Administration {
 public:
  virtual ~Administration() = default;
  Administration(const Administration&) = delete;
  Administration& operator=(const Administration&) = delete;

  virtual Dialect dialect() const = 0;

  using Row = std::vector<std::optional<std::string>>;  // as texts

  std::vector<Row> query(const std::string& sql) { return query(sql, {}); }
  // With a value for each `?`.
  virtual std::vector<Row> query(const std::string& sql, const Values& values) = 0;

  // Inserts, updates or deletes rows, with a value for each `?`; returns how many (on MySQL an
  // update to what is there counts as none).
  virtual long long change(const std::string& sql, const Values& values) = 0;

  // Runs a definition, or a change of a row that may run twice. What is there already, and what a
  // DROP does not find, counts as done: another process may have begun the same and ended. On MySQL
  // a definition is final, and ends an open transaction.
  virtual void define(const std::string& sql) = 0;

  // Waits until no other Administration has the database's lock, and keeps it to its end; on a
  // cluster, where it is lost by a long silence, define() and begin() wait for it again, and so
  // does another call of this. On SQLite nobody else can then read or write the file: throws
  // TEMPORARILY_UNAVAILABLE when a program that does not end soon uses it, as a server.
  virtual void lock() = 0;

  // Creates a database with that name and with UTF-8 if there is none. Nothing on SQLite.
  virtual void create_database(const std::string& name) = 0;

  // Runs `body` in a transaction, from the start again when it conflicts with another. What throws
  // leaves nothing behind.
  void transact(ForeignKeys keys, const std::function<void()>& body);

  // The parts of transact().
  virtual void begin(ForeignKeys keys) = 0;
  virtual void commit() = 0;
  virtual void roll_back() noexcept = 0;  // also when the database has done so by itself

 protected:
  Administration() = default;
};

// Connects to the URI's database; on MySQL with an empty one to the server alone. Throws
// INVALID_STATE, also for a SQLite file that is not there.
std::unique_ptr<Administration> open_administration(const DatabaseUri& uri);

}  // namespace millrace
