// What a first look at a database finds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/db/database.h"
#include "store/schema/family.h"
#include "store/schema/migration_progress.h"
#include "store/schema/own_tables.h"

namespace millrace {

struct FoundSchema {
  bool empty = false;       // nothing of the family, and nothing of strangers
  bool unfinished = false;  // a creation of ours was interrupted, or is under way elsewhere
  std::vector<std::string> revisions;  // in the version table
  std::optional<OwnSchema> own;        // the version of our own tables
  std::optional<UnfinishedMigration> half_done;

  bool to_create() const { return empty || unfinished; }
};

// No strangers are our own tables, those of the `known` families, and the version table of any
// family.
FoundSchema look_for(const SchemaFamily& family, const SchemaFamilies& known, Session& session,
                     Dialect dialect);

}  // namespace millrace
