#include "store/db/rows_statement.h"

#include <algorithm>
#include <bit>
#include <iterator>

namespace millrace {
namespace {

constexpr std::size_t kMostRows = 64;

}  // namespace

RowsStatement::RowsStatement(Dialect dialect, std::size_t columns,
                             const std::function<std::string(std::size_t)>& sql)
    : columns_(columns) {
  const std::size_t most = dialect == Dialect::Sqlite ? 1 : kMostRows;
  for (std::size_t rows = 1; rows <= most; rows *= 2) texts_.push_back(sql(rows));
}

long long RowsStatement::execute(Session& session, Values values) const {
  long long changed = 0;
  Values some;
  for (auto next = values.begin(); next != values.end();) {
    const auto left = static_cast<std::size_t>(values.end() - next) / columns_;
    const std::size_t size = std::min<std::size_t>(std::bit_width(left), texts_.size()) - 1;
    const auto end = next + static_cast<std::ptrdiff_t>(columns_ << size);
    some.assign(std::make_move_iterator(next), std::make_move_iterator(end));
    changed += session.execute(texts_[size], some);
    next = end;
  }
  return changed;
}

}  // namespace millrace
