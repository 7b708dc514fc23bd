// The few questions on which the SQL dialects differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "store/common/sql_dialect.h"

namespace millrace {

// What ends a SELECT in a write body of rows that it then writes or deletes itself, so that of two
// on one server the second one waits. Between the nodes of a cluster it holds nothing: there the
// writes of one row are what conflicts. Empty on SQLite, where a writer is alone.
std::string_view row_lock(Dialect dialect);

// The function f(text, part) for where a part begins in a text, from 1; 0 where it does not occur.
std::string_view text_position(Dialect dialect);

// What follows a table's name or alias to give where a row is stored: the order of rows that MLflow
// asks for in no order. MySQL stores a table in the order of its primary key.
std::optional<std::string_view> stored_place(Dialect dialect);

// The ORDER BY term for the tags of one entity, in the order that MLflow's answers have there.
// `tags` is the table's name or alias in the statement.
std::string tag_order(Dialect dialect, std::string_view tags);

// What ends a SELECT of the tags of a few entities: that order; nothing on the servers. MLflow asks
// for no order and gets the one in which an index has the rows: on PostgreSQL no ORDER BY names it,
// on MySQL, which reads tables in the order of their keys, one would only make it sort.
std::string by_tag_order(Dialect dialect, std::string_view tags);

// Whether a number can be an experiment's id or a version. MLflow's columns have 32 bits, and
// PostgreSQL refuses to look for more where the others find nothing.
bool fits_id(std::int64_t number);

// An INSERT of `rows` rows, their values bound row by row. A row with the same key is a
// UniqueViolation.
std::string insert(std::string_view table, std::initializer_list<std::string_view> columns,
                   std::size_t rows = 1);

// An INSERT of `rows` rows of different keys, their values bound row by row in the order key,
// values; a row that has the key already takes the values over. Where a collation finds differently
// spelled keys equal, it takes the spelling over too.
std::string upsert(Dialect dialect, std::string_view table,
                   std::initializer_list<std::string_view> key,
                   std::initializer_list<std::string_view> values, std::size_t rows = 1);

// The same for rows of one key `spelled, owner...`, the values in the order spelled, owner, values.
// Where a collation finds differently spelled keys equal, MySQL refuses the statement (BAD_REQUEST)
// instead of making two keys one, also of two of its own rows.
std::string upsert_spelled(Dialect dialect, std::string_view table, std::string_view spelled,
                           std::initializer_list<std::string_view> owner,
                           std::initializer_list<std::string_view> values, std::size_t rows = 1);

// An INSERT of `rows` rows, their values bound row by row. A row whose key is there already, in the
// table or earlier in the statement, is left out, and not counted as changed if counts_missing.
std::string insert_missing(Dialect dialect, std::string_view table,
                           std::initializer_list<std::string_view> columns, std::size_t rows);

// Whether the rows that such a statement has changed are those that were missing. MySQL's client
// counts those that it found, too.
bool counts_missing(Dialect dialect);

// An INSERT of `rows` rows of different keys, their values bound row by row in the order key,
// order, values. A row that has the key already takes all of them over if `order`, compared column
// by column as a tuple, is greater than its own; so the greatest stays, whoever comes last. MySQL
// refuses other spellings of the key's first column as above.
std::string upsert_greater(Dialect dialect, std::string_view table,
                           std::initializer_list<std::string_view> key,
                           std::initializer_list<std::string_view> order,
                           std::initializer_list<std::string_view> values, std::size_t rows);

}  // namespace millrace
