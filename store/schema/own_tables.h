// The tables that are Millrace's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/db/database.h"

namespace millrace {

// The version of these tables, in the one row of the table millrace_schema, by which programs of
// different versions share a database while they are replaced one after the other. A change that
// older programs can live with (a further table) raises `version` alone; once none of them is
// needed any more, another one may raise `min_compatible` too.
struct OwnSchema {
  int version = 0;
  int min_compatible = 0;  // the oldest version whose programs may still use the tables

  bool operator==(const OwnSchema&) const = default;
};

// This program's.
inline constexpr OwnSchema kOwnSchema{.version = 2, .min_compatible = 1};
inline constexpr const char* kOwnSchemaTable = "millrace_schema";

// What the database has, if the table has its row. Throws where there is no such table.
std::optional<OwnSchema> own_schema(Session& session);

// Why a program may not use such tables, as a sentence without its subject, or an empty text.
std::string too_old_for(const OwnSchema& found, const OwnSchema& program = kOwnSchema);

// The same as an Error INVALID_STATE for the administrator.
void require_compatible(const OwnSchema& found, const OwnSchema& program = kOwnSchema);

// Creates the tables that are missing, unless the database refuses writes, and raises the version
// to the program's where it is lower; never lowers it. Called once at start, after prepare_schema,
// by any number of processes at once. The tables are named millrace_*, so that detach() finds them,
// and refer to none of MLflow's, which so stay free to change. Throws Error when the database
// refuses (without them nothing can be written) or is not compatible.
void create_own_tables(Db& db, const OwnSchema& program = kOwnSchema);

// The CREATE TABLE of one of them, for whoever needs it before the others.
std::string own_table_definition(std::string_view name);

// Changes the table of the version, and leaves it as it was: for a look whether anything can be
// written.
void touch_own_schema(Session& session);

}  // namespace millrace
