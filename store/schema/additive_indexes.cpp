#include "store/schema/additive_indexes.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <vector>

#include "store/schema/catalog.h"
#include "store/schema/define.h"
#include "store/search/indexes.h"

namespace millrace {
namespace {

std::vector<std::string> missing(Session& session, Dialect dialect) {
  const std::vector<std::string> there = index_names(session, dialect);
  std::vector<std::string> statements;
  for (search::Index& index : search::indexes(dialect)) {
    if (std::find(there.begin(), there.end(), index.name) == there.end()) {
      statements.push_back(std::move(index.statement));
    }
  }
  return statements;
}

}  // namespace

void create_additive_indexes(Db& db) {
  if (db.refuses_writes()) return;
  const auto wanted = [&db](Session& session) { return missing(session, db.dialect()); };
  if (db.read(wanted).empty()) return;
  try {
    define(db, wanted);
  } catch (const Error& error) {
    spdlog::warn("Some of Millrace's indexes cannot be made, so searches are slower. {}",
                 error.what());
  }
}

}  // namespace millrace
