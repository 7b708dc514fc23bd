#include "store/schema/define.h"

#include "store/db/administration.h"
#include "store/db/schema_lock.h"

namespace millrace {
namespace {

// Another process may index large tables meanwhile; the definitions themselves wait for the
// transactions that use their table, and who comes later waits for them.
void lock_postgresql(Session& session) {
  session.execute("SET LOCAL lock_timeout = '600s'");
  session.first<std::int64_t>("SELECT 1 FROM (SELECT pg_advisory_xact_lock(" +
                              std::to_string(kPostgresqlSchemaLock) + ")) AS taken");
  session.execute("SET LOCAL lock_timeout = '60s'");
}

}  // namespace

void define(Db& db, const std::function<std::vector<std::string>(Session&)>& wanted) {
  db.require_writes();
  if (db.dialect() == Dialect::Mysql) {
    const auto administration = open_administration(parse_database_uri(db.uri()));
    administration->lock();
    for (const std::string& statement : db.read(wanted)) administration->define(statement);
    return;
  }
  db.write([&](Session& session) {
    if (db.dialect() == Dialect::Postgresql) lock_postgresql(session);
    for (const std::string& statement : wanted(session)) session.execute(statement);
  });
}

}  // namespace millrace
