#include "store/db/rows_statement.h"

#include <algorithm>
#include <bit>
#include <iterator>

namespace millrace {
namespace {

constexpr std::size_t kMostRows = 64;

}  // namespace

RowsStatement::RowsStatement(std::size_t columns,
                             const std::function<std::string(Dialect, std::size_t)>& text)
    : columns_(columns) {
  for (const Dialect dialect : {Dialect::Sqlite, Dialect::Mysql, Dialect::Postgresql}) {
    const std::size_t most = dialect == Dialect::Sqlite ? 1 : kMostRows;
    auto& texts = texts_.at(static_cast<std::size_t>(dialect));
    for (std::size_t rows = 1; rows <= most; rows *= 2) texts.push_back(text(dialect, rows));
  }
}

long long RowsStatement::execute(Work& work, Values values) const {
  const auto& texts = texts_.at(static_cast<std::size_t>(work.dialect()));
  long long changed = 0;
  Values some;
  for (auto next = values.begin(); next != values.end();) {
    const auto left = static_cast<std::size_t>(values.end() - next) / columns_;
    const std::size_t size = std::min<std::size_t>(std::bit_width(left), texts.size()) - 1;
    const auto end = next + static_cast<std::ptrdiff_t>(columns_ << size);
    some.assign(std::make_move_iterator(next), std::make_move_iterator(end));
    changed += work.execute(texts[size], some);
    next = end;
  }
  return changed;
}

}  // namespace millrace
