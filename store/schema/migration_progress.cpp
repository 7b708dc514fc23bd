#include "store/schema/migration_progress.h"

#include <cstdlib>

#include "store/common/clock.h"

namespace millrace {
namespace {

Value bit(bool value) { return std::int64_t{value ? 1 : 0}; }

}  // namespace

std::optional<MigrationProgress> load_progress(Administration& db, const std::string& migration) {
  const auto rows =
      db.query("SELECT backward, step, position, finished FROM millrace_migration WHERE name = ?",
               {migration});
  if (rows.empty()) return std::nullopt;
  const auto text = [&row = rows.front()](std::size_t column) {
    return row.at(column).value_or("");
  };
  return MigrationProgress{text(0) != "0", std::atoi(text(1).c_str()), text(2), text(3) != "0"};
}

void save_progress(Administration& db, const std::string& migration,
                   const std::optional<MigrationProgress>& before, const MigrationProgress& now,
                   const MigrationNotice& notice) {
  const std::int64_t ms = now_ms();
  Values values{bit(now.backward), std::int64_t{now.step},     now.position,
                notice.command,    bit(notice.beside_servers), ms,
                bit(now.finished)};
  const bool begins = !before || before->finished;
  if (begins) values.emplace_back(ms);
  values.emplace_back(migration);
  if (!before) {
    db.change(
        "INSERT INTO millrace_migration (backward, step, position, command, beside_servers,"
        " updated_ms, finished, started_ms, name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values);
    return;
  }
  values.insert(values.end(), {bit(before->backward), std::int64_t{before->step}, before->position,
                               bit(before->finished)});
  const long long moved = db.change(
      std::string("UPDATE millrace_migration SET backward = ?, step = ?, position = ?, command = ?,"
                  " beside_servers = ?, updated_ms = ?, finished = ?") +
          (begins ? ", started_ms = ?" : "") +
          " WHERE name = ? AND backward = ? AND step = ? AND position = ? AND finished = ?",
      values);
  if (moved != 1) {
    throw Error(ErrorCode::InvalidState,
                "Another process has gone on with the migration " + migration + " meanwhile.");
  }
}

std::optional<UnfinishedMigration> unfinished_migration(Session& session) {
  const auto row = session.first<std::string, std::string, std::int64_t>(
      "SELECT name, command, beside_servers FROM millrace_migration WHERE finished = 0"
      " ORDER BY beside_servers, name");
  if (!row) return std::nullopt;
  const auto& [name, command, beside_servers] = *row;
  return UnfinishedMigration{name, {command, beside_servers != 0}};
}

std::string describe(const UnfinishedMigration& migration, const std::string& uri) {
  return "the migration " + migration.name + " of the database is half done; '" +
         migration.notice.command + " " + without_password(uri) + "' continues it";
}

}  // namespace millrace
