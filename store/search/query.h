// The room store/search: MLflow's search languages, from the text of a filter to a statement with
// its values. Pure: may use store/text, knows the dialects' SQL, and has no connection to run it
// on.
//
// A statement and the values for its places, in their order.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
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

// Which rows. A caller asks for one more than it shows, to know whether another page follows.
struct Page {
  std::int64_t limit = 0;  // passed to the database as it is: negative means all on SQLite
  std::int64_t offset = 0;
};

// Throws BAD_REQUEST for what a server refuses and SQLite does not: a negative limit or offset.
void check_page(const Page& page, Dialect dialect);

// Writes a Query from left to right.
class QueryText {
 public:
  explicit QueryText(Dialect dialect) : dialect_(dialect) {}

  Dialect dialect() const { return dialect_; }

  void add(std::string_view sql) { query_.sql += sql; }
  // Throws INVALID_PARAMETER_VALUE for more values than a statement may have: databases look each
  // of them up among all the others.
  void add_value(Value value);

  // `column op (ids)`, `op` being IN or NOT IN; a single id after IN is compared with =, which lets
  // an index give the rows in their order. Throws INVALID_PARAMETER_VALUE for over 10,000 different
  // ids.
  void add_ids(std::string_view column, std::string_view op, std::vector<std::int64_t> ids);

  // `column op operand` with the letter case rules of MLflow on this dialect
  // (SearchUtils.get_sql_comparison_func); `op` in upper case. Throws
  //  - BAD_REQUEST for a list with another operator than IN and NOT IN,
  //  - INTERNAL_ERROR on SQLite for an integer beyond int64,
  //  - INVALID_PARAMETER_VALUE on SQLite for a LIKE pattern of over 50,000 bytes.
  void add_comparison(std::string_view column, std::string_view op, const Operand& operand);

  // The same for a LIKE on an indexed column: with the range of its literal beginning beside it on
  // SQLite, whose planner does not see through a bound pattern.
  void add_indexed_like(std::string_view column, const std::string& pattern);

  // What the conditions add, joined by AND (by OR); very many in a balanced way, because databases
  // bound the depth of an expression.
  void add_all(std::span<const std::function<void()>> conditions) { add_joined(conditions, "AND"); }
  void add_any(std::span<const std::function<void()>> conditions) { add_joined(conditions, "OR"); }

  // LIMIT and OFFSET.
  void add_page(const Page& page);

  Query take() { return std::move(query_); }

 private:
  void add_text_comparison(std::string_view column, std::string_view op, const std::string& text);
  void add_list(std::string_view column, std::string_view op,
                const std::vector<std::string>& texts);
  void add_number(const python::Int& number);
  void add_joined(std::span<const std::function<void()>> conditions, const std::string& word);

  Dialect dialect_;
  Query query_;
};

// What every text that matches a LIKE pattern begins with.
std::string literal_beginning(std::string_view pattern);

// The least text above all that begin with `beginning`; empty if there is none.
std::string end_of_range(std::string_view beginning);

}  // namespace millrace::search
