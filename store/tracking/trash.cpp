#include "store/tracking/trash.h"

#include <utility>

#include "store/db/dialect.h"
#include "store/db/rows_statement.h"

namespace millrace::tracking {
namespace {

// What the column `kind` holds.
const char* word_of(GarbageKind kind) { return kind == GarbageKind::Run ? "run" : "logged_model"; }

}  // namespace

std::string_view name_of(GarbageKind kind) {
  return kind == GarbageKind::Run ? "Run" : "Logged model";
}

std::vector<Trash> list_trash(Work& work) {
  std::vector<Trash> found;
  work.each<std::string, std::string, std::string, std::int64_t>(
      "SELECT t.kind, t.id, t.uri, t.removed_ms FROM millrace_trash t ORDER BY t.kind, t.id", {},
      [&](const std::string& kind, std::string id, std::string uri, std::int64_t removed) {
        const bool run = kind == word_of(GarbageKind::Run);
        found.push_back({run ? GarbageKind::Run : GarbageKind::LoggedModel, std::move(id),
                         std::move(uri), removed});
      });
  return found;
}

void put_into_trash(Work& work, const std::vector<Trash>& items) {
  static const RowsStatement upsert_items(4, [](Dialect dialect, std::size_t rows) {
    return upsert(dialect, "millrace_trash", {"kind", "id"}, {"uri", "removed_ms"}, rows);
  });
  Values values;
  for (const Trash& item : items)
    values.insert(values.end(), {word_of(item.kind), item.id, item.artifact_uri, item.removed_ms});
  upsert_items.execute(work, std::move(values));
}

bool has_row_again(Work& work, const Trash& item) {
  const char* sql = item.kind == GarbageKind::Run
                        ? "SELECT r.run_uuid FROM runs r WHERE r.run_uuid = :id"
                        : "SELECT m.model_id FROM logged_models m WHERE m.model_id = :id";
  return work.first<std::string>(sql, {item.id}).has_value();
}

void forget_trash(Work& work, const Trash& item) {
  work.execute("DELETE FROM millrace_trash WHERE kind = :kind AND id = :id",
               {word_of(item.kind), item.id});
}

}  // namespace millrace::tracking
