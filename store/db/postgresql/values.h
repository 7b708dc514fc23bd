// A statement and its values as PostgreSQL's client library takes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/common/value.h"

namespace millrace {

// All as text, the types being what the server makes of the statement. Shows the values where they
// are: they outlive this.
class PostgresqlValues {
 public:
  // Throws DatabaseFailure (Refused) for what is too much, and INTERNAL_ERROR for another number of
  // values than of placeholders.
  PostgresqlValues(std::string_view sql, const Values& values);
  PostgresqlValues(const PostgresqlValues&) = delete;
  PostgresqlValues& operator=(const PostgresqlValues&) = delete;

  const std::string& sql() const { return sql_; }  // with $1, $2, ..
  int size() const { return static_cast<int>(texts_.size()); }
  const char* const* texts() const { return texts_.data(); }

 private:
  std::string sql_;
  std::vector<std::string> numbers_;
  std::vector<const char*> texts_;  // null for NULL
};

}  // namespace millrace
