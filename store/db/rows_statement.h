// A statement that writes rows of one form, few or many.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "store/db/work.h"

namespace millrace {

// Comes in a few fixed numbers of rows, so that each of its texts stays prepared. Thread-safe.
class RowsStatement {
 public:
  // `text(dialect, n)` is the statement for n rows of `columns` values each. On SQLite every row
  // has its own run of the statement: there it costs no journey, and many rows at once need a
  // journal that could take them all back.
  RowsStatement(std::size_t columns,
                const std::function<std::string(Dialect dialect, std::size_t rows)>& text);

  // Writes the rows whose values follow one another in `values`, in their order; returns the number
  // of rows changed. A statement of several rows has texts of about 1 MiB at most.
  long long execute(Work& work, Values values) const;

 private:
  std::size_t portion(Values::const_iterator next, Values::const_iterator end,
                      std::size_t sizes) const;

  std::size_t columns_;
  std::array<std::vector<std::string>, 3> texts_;  // by dialect, for 1, 2, 4 .. rows
};

}  // namespace millrace
