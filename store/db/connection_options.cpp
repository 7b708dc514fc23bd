#include "store/db/connection_options.h"

#include "store/db/sqlite/uri.h"

namespace millrace {

void check_database_uri(std::string_view uri) {
  const DatabaseUri parsed = parse_database_uri(uri);
  switch (parsed.dialect) {
    case Dialect::Sqlite:
      is_sqlite_memory(uri);
      return;
    case Dialect::Mysql:
      mysql_connection(parsed);
      return;
    case Dialect::Postgresql:
      postgresql_connect_string(parsed);
      return;
  }
}

}  // namespace millrace
