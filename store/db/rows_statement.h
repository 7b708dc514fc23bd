// A statement that writes rows of one form, few or many.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "store/db/database.h"

namespace millrace {

// Comes in a few fixed numbers of rows, so that each of its texts stays prepared. Thread-safe.
class RowsStatement {
 public:
  // `sql(n)` is the text for n rows of `columns` values each. On SQLite every row has its own run
  // of the statement: there it costs no journey, and many rows at once need a journal that could
  // take them all back.
  RowsStatement(Dialect dialect, std::size_t columns,
                const std::function<std::string(std::size_t)>& sql);

  // Writes the rows whose values follow one another in `values`, in their order; returns the number
  // of rows changed.
  long long execute(Session& session, Values values) const;

 private:
  std::size_t columns_;
  std::vector<std::string> texts_;  // for 1, 2, 4 .. rows
};

}  // namespace millrace
