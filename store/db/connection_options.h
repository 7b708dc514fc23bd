// What the options of a database URI mean to its client library. The client libraries themselves
// sit in modules of their own.
#pragma once

#include <string>
#include <string_view>

#include "store/db/database_uri.h"

namespace millrace {

// How long an attempt to connect may take, unless the URI says otherwise.
inline constexpr int kConnectSeconds = 3;

// After how long without a sign of life a host counts as gone: of a silent connection, and of one
// on which what was sent is not acknowledged.
inline constexpr int kKeepAliveSeconds = 15;
inline constexpr int kKeepAliveInterval = 5;
inline constexpr int kKeepAliveCount = 3;
inline constexpr int kUnansweredMilliseconds = 20'000;

// How to open a session of MySQL or MariaDB.
struct MysqlConnection {
  // For SOCI's mysql back end on MariaDB's client library, which takes a connection string of its
  // own as the host; so options arrive for which SOCI 4.0 has no word.
  std::string connect_string;
  // The session must not be used unless it is encrypted: without a check of the certificate's name
  // the library goes on in plain text where the server offers no TLS.
  bool must_be_encrypted = false;
};

// Takes the names that PyMySQL, mysqlclient and Connector/Python have for their options, with
// SQLAlchemy's words for yes and no. Differs from them where they are lax: a certificate authority
// that is given is checked. Without a word about TLS it is used if the server has it, as by
// PyMySQL. A connection attempt ends after 3 seconds unless connect_timeout says otherwise.
// Throws INVALID_PARAMETER_VALUE naming the option that is not known, not supported, given twice,
// in contradiction to another one or has a wrong value.
MysqlConnection mysql_connection(const DatabaseUri& uri);

// libpq's connection string. Takes libpq's keywords. Same default
// of connect_timeout, unless PGCONNECT_TIMEOUT is set, and those above; throws as above. What the
// URI leaves out is left to libpq, which looks into its variables (PGHOST, PGDATABASE, ...),
// ~/.pgpass and the file of services.
std::string postgresql_connect_string(const DatabaseUri& uri);

// Of what the URI leaves out, what libpq takes from its variables: host, port, user and database,
// and for this the user's name where nothing else names it. For what is told of a database and not
// for connecting: a service may say otherwise, so with one all stays as it is. Other kinds of
// databases stay as they are, too.
DatabaseUri with_libpq_variables(DatabaseUri uri);

// The service of libpq that the URI, or PGSERVICE, names; else empty.
std::string libpq_service(const DatabaseUri& uri);

// Throws as parse_database_uri, the two above, and sqlite_location do.
void check_database_uri(std::string_view uri);

}  // namespace millrace
