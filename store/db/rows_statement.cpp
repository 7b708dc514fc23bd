#include "store/db/rows_statement.h"

#include <algorithm>
#include <bit>
#include <iterator>

namespace millrace {
namespace {

constexpr std::size_t kMostRows = 64;
// Of the texts in one statement of several rows: MySQL takes no packet that is longer than
// max_allowed_packet, 16 MiB by default, and each row may come close to that by itself.
constexpr std::size_t kMostBytes = std::size_t{1} << 20U;

std::size_t bytes_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? 0 : text->size();
}

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

// How many of the rows from `next` on go into one statement: a power of two, as its exponent.
std::size_t RowsStatement::portion(Values::const_iterator next, Values::const_iterator end,
                                   std::size_t sizes) const {
  const auto left = static_cast<std::size_t>(end - next) / columns_;
  std::size_t size = std::min<std::size_t>(std::bit_width(left), sizes) - 1;
  std::size_t bytes = 0, rows = 0;
  for (; rows < (std::size_t{1} << size) && bytes <= kMostBytes; ++rows) {
    for (std::size_t column = 0; column < columns_; ++column) bytes += bytes_of(*next++);
  }
  if (bytes > kMostBytes) size = std::bit_width(std::max<std::size_t>(rows - 1, 1)) - 1;
  return size;
}

long long RowsStatement::execute(Work& work, Values values) const {
  const auto& texts = texts_.at(static_cast<std::size_t>(work.dialect()));
  long long changed = 0;
  Values some;
  for (auto next = values.begin(); next != values.end();) {
    const std::size_t size = portion(next, values.end(), texts.size());
    const auto end = next + static_cast<std::ptrdiff_t>(columns_ << size);
    some.assign(std::make_move_iterator(next), std::make_move_iterator(end));
    changed += work.execute(texts[size], some);
    next = end;
  }
  return changed;
}

}  // namespace millrace
