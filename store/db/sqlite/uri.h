// SQLite database URIs in SQLAlchemy's form, as MLflow takes them.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace millrace {

// What follows a database's path in the names of the files that SQLite keeps beside it, which are
// of no use to any other database.
inline constexpr std::array<std::string_view, 3> kSqliteCompanions{"-wal", "-shm", "-journal"};

// The absolute path of the file that the URI names: sqlite:///relative.db, sqlite:////absolute.db,
// also with a driver (sqlite+pysqlite:), which means nothing here. The path is not percent-decoded,
// as in SQLAlchemy. Creates the folders above the file.
// Throws INVALID_PARAMETER_VALUE for another scheme, a host, a database in memory (each session
// would see its own), and for options after `?` that would change what the database does.
std::string sqlite_path(std::string_view uri);

// The same, and nothing is created.
std::string sqlite_location(std::string_view uri);

}  // namespace millrace
