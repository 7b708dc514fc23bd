// SQLite database URIs in SQLAlchemy's form, as MLflow takes them.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace millrace {

// What follows a database's path in the names of the files that SQLite keeps beside it, which are
// of no use to any other database.
inline constexpr std::array<std::string_view, 3> kSqliteCompanions{"-wal", "-shm", "-journal"};

// The usual form of a database in memory.
inline constexpr const char* kSqliteMemory = "sqlite:///:memory:";

// Whether the URI is one of a SQLite database in memory: sqlite:///:memory:, sqlite:///, sqlite://.
// Throws as sqlite_location for a bad one of SQLite.
bool is_sqlite_memory(std::string_view uri);

// The absolute path of the file that the URI names: sqlite:///relative.db, sqlite:////absolute.db,
// also with a driver (sqlite+pysqlite:), which means nothing here. Nothing is created.
//
// Percent escapes are decoded, as by SQLAlchemy since 2.1. It did not before, and neither did
// Millrace: where there is only a file that has the escapes in its name, it is that one, so that no
// new database is made beside an old one.
//
// Throws INVALID_PARAMETER_VALUE for another scheme, a host, a database in memory, and for options
// after `?` that would change what the database does.
std::string sqlite_location(std::string_view uri);

// What to tell an administrator when a file has the escapes of the URI in its name, in sentences
// that name both files; mostly empty. Throws as sqlite_location.
std::string sqlite_uri_notice(std::string_view uri);

// sqlite_location, once the folders above the file are there: creates them.
std::string sqlite_path(std::string_view uri);

}  // namespace millrace
