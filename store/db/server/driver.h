// What tells one kind of database server from another. Each driver lives in a module of its own
// that is loaded when a URI asks for it, so that the embedded default needs no client library.
#pragma once

#include <soci/soci.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/db/administration.h"
#include "store/db/database.h"
#include "store/db/database_uri.h"
#include "store/db/statement.h"

namespace millrace {

enum class Transaction { Read, Write };

// What became of a statement that failed.
struct Failure {
  enum Kind {
    Duplicate,     // a row with the same key is there
    Referenced,    // a foreign key is not kept
    Refused,       // by a rule of the table or a limit of the server; `reason` says which
    Conflict,      // with another transaction: run again, it may succeed
    Disconnected,  // the connection, or the server behind it, cannot be used any more
    Other
  };
  Kind kind = Other;
  std::string reason{};  // for the client, a sentence; for the log where `Other`: the server's code
};

class ServerDriver {
 public:
  virtual ~ServerDriver() = default;
  ServerDriver(const ServerDriver&) = delete;
  ServerDriver& operator=(const ServerDriver&) = delete;

  virtual Dialect dialect() const = 0;

  // A new connection, its settings made, for transactions of one kind: those that read see one
  // snapshot and cannot write, those that write see what is committed. Throws soci::soci_error.
  virtual std::unique_ptr<soci::session> connect(Transaction kind) = 0;

  // A connection of its own for the setting up of the database. Throws INVALID_STATE.
  virtual std::unique_ptr<Administration> administration() const = 0;

  // The statement that begins a transaction, or nothing where the first one does.
  virtual std::string_view begin() const = 0;

  // Whether a failed statement ends its transaction, so that one which may fail needs a savepoint.
  virtual bool failure_ends_transaction() const = 0;

  // Whether texts may hold the character NUL; the client library would cut them there.
  virtual bool takes_nul() const = 0;

  // Hands the rows of an executed statement to `sink`, in `cells` as many as there are types.
  // Throws Error for another number of columns.
  virtual void each_row(Statement& statement, std::span<const Session::ColumnType> types,
                        std::span<Session::Cell> cells, const Session::RowSink& sink) = 0;

  virtual Failure failure_of(soci::session& session, const soci::soci_error& error) const = 0;

 protected:
  ServerDriver() = default;
};

// A value as both servers print it: numbers in decimal, booleans as t or f. `text` is null for
// NULL.
void set_cell(Session::Cell& cell, Session::ColumnType type, const char* text, std::size_t size);

// Throws INTERNAL_ERROR if a statement gives another number of columns than are read.
void check_columns(std::size_t given, std::size_t wanted);

// Where a server is.
struct ServerAddress {
  DatabaseUri uri;
  std::string connect_string;      // for SOCI's back end
  bool must_be_encrypted = false;  // a session that is not must be refused
};

// What a module exports, by this name.
using OpenServerDriver = std::unique_ptr<ServerDriver> (*)(const ServerAddress& address);
inline constexpr const char* kOpenServerDriver = "millrace_open_server_driver";

// Loads the module of the URI's dialect, from the folder of the executable. Throws INVALID_STATE
// when it, or the client library that it needs, is not there.
std::unique_ptr<ServerDriver> open_server_driver(const DatabaseUri& uri);

}  // namespace millrace
