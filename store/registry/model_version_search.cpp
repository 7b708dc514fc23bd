// model-versions/search: the versions of one page as they come, in one statement.
#include "store/db/dialect.h"
#include "store/registry/model_versions.h"
#include "store/registry/rows.h"
#include "store/search/query.h"
#include "store/search/tagged_page.h"

namespace millrace::registry {
namespace {

using Text = std::optional<std::string>;

// The rows of the search with their tags beside them, so that a long page is never held as a list.
search::Query with_tags(const search::ParsedSearch& parsed, const search::Page& page,
                        Dialect dialect) {
  search::Query query = search::model_versions_query(parsed, kVersionColumns, page, dialect);
  query.sql = "SELECT " + std::string(kVersionColumns) + ", t.key, t.value FROM (" + query.sql +
              ") v LEFT JOIN model_version_tags t ON t.workspace = 'default'"
              " AND t.name = v.name AND t.version = v.version";
  // SQLite runs the outer side of a left join first and finds the tags by an index: the order is
  // that of the search already, and asking for it would sort all of it a second time.
  if (dialect == Dialect::Sqlite) return query;
  query.sql +=
      " ORDER BY " + search::order_terms(parsed.order, "v") + ", " + tag_order(dialect, "t");
  return query;
}

}  // namespace

bool search_model_versions(Work& work, const search::ParsedSearch& parsed, std::int64_t max_results,
                           std::int64_t offset,
                           const std::function<void(const ModelVersion&)>& row) {
  const search::Query query = with_tags(parsed, {max_results + 1, offset}, work.dialect());
  const std::function<void(const ModelVersion&)> give = [&](const ModelVersion& version) {
    work.deliver(row, version);
  };
  search::TaggedPage<ModelVersion> page(max_results, give);
  const auto is_same = [](const ModelVersion& a, const ModelVersion& b) {
    return a.version == b.version && a.name == b.name;
  };
  each_version<Text, Text>(
      work, query.sql, query.values, [&](ModelVersion version, Text key, Text value) {
        page.add(std::move(version), std::move(key), std::move(value), is_same);
      });
  return page.finish();
}

}  // namespace millrace::registry
