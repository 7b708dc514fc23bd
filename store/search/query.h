// A statement and the values for its places, in their order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/common/sql_dialect.h"
#include "store/common/value.h"
#include "store/search/operand.h"

namespace millrace::search {

struct Query {
  std::string sql;  // places are `:p1`, `:p2`, ... in the order of the values
  Values values;
};

// Writes a Query from left to right.
class QueryText {
 public:
  explicit QueryText(Dialect dialect) : dialect_(dialect) {}

  Dialect dialect() const { return dialect_; }

  void add(std::string_view sql) { query_.sql += sql; }
  void add_value(Value value);

  // `column op operand` with the letter case rules of MLflow on this dialect
  // (SearchUtils.get_sql_comparison_func); `op` in upper case. Throws
  //  - BAD_REQUEST for a list with another operator than IN and NOT IN,
  //  - INTERNAL_ERROR on SQLite for an integer beyond int64.
  void add_comparison(std::string_view column, std::string_view op, const Operand& operand);

  // The same for a LIKE on an indexed column: with the range of its literal beginning beside it on
  // SQLite, whose planner does not see through a bound pattern.
  void add_indexed_like(std::string_view column, const std::string& pattern);

  Query take() { return std::move(query_); }

 private:
  void add_text_comparison(std::string_view column, std::string_view op, const std::string& text);
  void add_list(std::string_view column, std::string_view op,
                const std::vector<std::string>& texts);
  void add_number(const python::Int& number);

  Dialect dialect_;
  Query query_;
};

// What every text that matches a LIKE pattern begins with.
std::string literal_beginning(std::string_view pattern);

// The least text above all that begin with `beginning`; empty if there is none.
std::string end_of_range(std::string_view beginning);

}  // namespace millrace::search
