// What tells one kind of database server from another. Each driver lives in a module of its own
// that is loaded when a URI asks for it, so that the embedded default needs no client library.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "store/db/administration.h"
#include "store/db/database_uri.h"
#include "store/db/server/connection.h"

namespace millrace {

// Thread-safe.
class ServerDriver {
 public:
  virtual ~ServerDriver() = default;
  ServerDriver(const ServerDriver&) = delete;
  ServerDriver& operator=(const ServerDriver&) = delete;

  virtual Dialect dialect() const = 0;

  // A new connection; does not outlive this. Throws DatabaseFailure.
  virtual std::unique_ptr<Connection> connect() = 0;

  // A connection of its own for the setting up of the database. Throws INVALID_STATE.
  virtual std::unique_ptr<Administration> administration() const = 0;

  // Whether texts may hold the character NUL; the client library would cut them there.
  virtual bool takes_nul() const = 0;

  // Whether a connection that connect() did not get will not come by waiting: the password is
  // wrong, or there is no such user or database. May ask the server once more.
  virtual bool is_denied(const DatabaseFailure& failure) const = 0;

 protected:
  ServerDriver() = default;
};

// Where a server is, and what is asked of each connection.
struct ServerAddress {
  DatabaseUri uri;
  std::string connect_string;      // of SOCI's back end, or libpq's
  bool must_be_encrypted = false;  // a session that is not must be refused
  // The time after which the server itself ends a statement; 0: what it has for that.
  std::chrono::milliseconds statement_timeout{0};
};

// What a module exports, by this name.
using OpenServerDriver = std::unique_ptr<ServerDriver> (*)(const ServerAddress& address);
inline constexpr const char* kOpenServerDriver = "millrace_open_server_driver";

// Loads the module of the URI's dialect, from the folder of the executable. Throws INVALID_STATE
// when it, or the client library that it needs, is not there.
std::unique_ptr<ServerDriver> open_server_driver(const DatabaseUri& uri,
                                                 std::chrono::milliseconds statement_timeout = {});

}  // namespace millrace
