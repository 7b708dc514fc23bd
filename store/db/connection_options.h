// What the options of a database URI mean to its client library. Pure: the client libraries
// themselves sit in modules of their own.
#pragma once

#include <string>
#include <string_view>

#include "store/db/database_uri.h"

namespace millrace {

// How long an attempt to connect may take, unless the URI says otherwise.
inline constexpr int kConnectSeconds = 10;

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
// PyMySQL. A connection attempt ends after 10 seconds unless connect_timeout says otherwise.
// Throws INVALID_PARAMETER_VALUE naming the option that is not known, not supported, given twice,
// in contradiction to another one or has a wrong value.
MysqlConnection mysql_connection(const DatabaseUri& uri);

// For SOCI's postgresql back end: libpq's connection string. Takes libpq's keywords. Same default
// of connect_timeout; throws as above.
std::string postgresql_connect_string(const DatabaseUri& uri);

// Throws as parse_database_uri and the two above do; a SQLite URI is checked when it is opened.
void check_database_uri(std::string_view uri);

}  // namespace millrace
