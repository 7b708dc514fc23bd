// One connection to a database server outside the pool, with which a database is set up.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/common/error.h"
#include "store/db/database_uri.h"

namespace millrace {

// Not thread-safe. Every statement is a transaction of its own. All methods throw
// TEMPORARILY_UNAVAILABLE for a lock that others keep, else INVALID_STATE with the server's words:
// they are for administrators.
class Administration {
 public:
  virtual ~Administration() = default;
  Administration(const Administration&) = delete;
  Administration& operator=(const Administration&) = delete;

  using Row = std::vector<std::optional<std::string>>;  // as texts

  virtual std::vector<Row> query(const std::string& sql) = 0;

  // Runs a definition, or a change of a row that may run twice. What is there already, and what a
  // DROP does not find, counts as done: another process may have begun the same and ended.
  virtual void define(const std::string& sql) = 0;

  // Waits until no other Administration has the database's lock, and keeps it to its end; on a
  // cluster, where it is lost by a long silence, define() waits for it again.
  virtual void lock() = 0;

  // Creates a database with that name and with UTF-8 if there is none.
  virtual void create_database(const std::string& name) = 0;

 protected:
  Administration() = default;
};

// Connects to the URI's database; on MySQL with an empty one to the server alone. Throws
// INVALID_STATE.
std::unique_ptr<Administration> open_administration(const DatabaseUri& uri);

}  // namespace millrace
