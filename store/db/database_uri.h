// Database URIs in SQLAlchemy's form, taken apart as its make_url does it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/common/sql_dialect.h"

namespace millrace {

// What a URI says. Texts are percent-decoded; an empty one, or port 0, was not given.
struct DatabaseUri {
  Dialect dialect = Dialect::Sqlite;
  // The driver that is named, or the one that SQLAlchemy takes: pymysql, mysqldb, mysqlconnector;
  // psycopg2, psycopg. Only the names of options depend on it. Empty for SQLite.
  std::string driver;
  std::string user;
  std::string password;
  // A name or an address, without the brackets of an IPv6 one. On PostgreSQL also a folder of
  // sockets (it begins with a slash), or several hosts with commas between them.
  std::string host;
  // What libpq takes as port when the hosts have ports of their own ("5432,5433"), else empty.
  std::string ports;
  int port = 0;
  std::string socket;  // MySQL: the path of a Unix socket
  std::string database;
  // What follows the question mark, in order, without those that are members here.
  std::vector<std::pair<std::string, std::string>> options;
};

// The forms: mysql://, mysql+pymysql://, mysql+mysqldb://, mysql+mysqlconnector:// and the same
// with mariadb, postgresql://, postgresql+psycopg2://, postgresql+psycopg://, postgres://. The
// latter four may leave out everything, the database too. Of a SQLite URI only the dialect is told,
// and all of it as the database (sqlite/uri.h does the rest).
// Throws INVALID_PARAMETER_VALUE saying what is wrong. No message holds a password, nor any part of
// the URI that could be one.
DatabaseUri parse_database_uri(std::string_view uri);

// The URI with that option, percent-encoded, in place of what it says of the same name.
// Throws as parse_database_uri for what it cannot take apart.
std::string with_option(std::string_view uri, std::string_view name, std::string_view value);

// The URI for logs and messages: *** instead of passwords, before the host and in options. When in
// doubt, as in a URI that cannot be parsed, more is hidden.
std::string without_password(std::string_view uri);

}  // namespace millrace
