#include "store/tracking/trash.h"

#include <algorithm>
#include <span>
#include <utility>

#include "store/db/dialect.h"
#include "store/db/padded_list.h"
#include "store/db/rows_statement.h"

namespace millrace::tracking {
namespace {

// What the column `kind` holds.
const char* word_of(GarbageKind kind) { return kind == GarbageKind::Run ? "run" : "logged_model"; }

// Ids in one statement.
constexpr std::size_t kIdsAtOnce = 64;

// Calls `use(kind, list of ids)` until all items have been in a list.
template <class Use>
void each_list(const std::vector<Trash>& items, Use&& use) {
  for (const GarbageKind kind : {GarbageKind::Run, GarbageKind::LoggedModel}) {
    std::vector<std::string> ids;
    for (const Trash& item : items) {
      if (item.kind == kind) ids.push_back(item.id);
    }
    for (std::span<const std::string> rest(ids); !rest.empty();) {
      const auto chunk = rest.first(std::min(kIdsAtOnce, rest.size()));
      use(kind, padded_list(chunk.size(), [&](std::size_t i) { return chunk[i]; }));
      rest = rest.subspan(chunk.size());
    }
  }
}

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

std::set<std::string> ids_with_rows_again(Work& work, const std::vector<Trash>& items) {
  std::set<std::string> found;
  each_list(items, [&](GarbageKind kind, const PaddedList& ids) {
    const std::string sql = kind == GarbageKind::Run
                                ? "SELECT r.run_uuid FROM runs r WHERE r.run_uuid"
                                : "SELECT m.model_id FROM logged_models m WHERE m.model_id";
    work.each<std::string>(sql + ids.sql, ids.values,
                           [&found](std::string id) { found.insert(std::move(id)); });
  });
  return found;
}

void forget_trash(Work& work, const std::vector<Trash>& items) {
  each_list(items, [&](GarbageKind kind, const PaddedList& ids) {
    Values values{word_of(kind)};
    values.insert(values.end(), ids.values.begin(), ids.values.end());
    work.execute("DELETE FROM millrace_trash WHERE kind = :kind AND id" + ids.sql, values);
  });
}

}  // namespace millrace::tracking
