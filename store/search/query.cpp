#include "store/search/query.h"

#include <algorithm>

#include "store/common/error.h"

namespace millrace::search {
namespace {

constexpr char32_t last_code_point = 0x10FFFF;
constexpr std::size_t most_values = 5'000;
constexpr std::size_t most_ids = 10'000;
constexpr std::size_t longest_pattern = 50'000;  // SQLite's own bound

[[noreturn]] void refuse_list(std::string_view op) {
  throw Error(ErrorCode::BadRequest,
              "A list of values can be compared with IN and NOT IN only, not with " +
                  std::string(op) + ".");
}

}  // namespace

void check_page(const Page& page, Dialect dialect) {
  if (dialect == Dialect::Sqlite || (page.limit >= 0 && page.offset >= 0)) return;
  throw Error(ErrorCode::BadRequest,
              "The database refused the request: a page can neither begin before the first row nor "
              "have a negative size.");
}

void QueryText::add_value(Value value) {
  if (query_.values.size() == most_values) {
    throw_invalid_parameter("The search compares with too many values: at most " +
                            std::to_string(most_values) + " are allowed.");
  }
  // PostgreSQL takes a bound number for one of the column's type, which may be an integer.
  const bool real = dialect_ == Dialect::Postgresql && std::holds_alternative<double>(value);
  query_.values.push_back(std::move(value));
  query_.sql += (real ? "CAST(:p" : ":p") + std::to_string(query_.values.size()) +
                (real ? " AS double precision)" : "");
}

// Written as digits: only texts need to be bound.
void QueryText::add_page(const Page& page) {
  check_page(page, dialect_);
  add(" LIMIT ");
  add_value(page.limit);
  add(" OFFSET ");
  add_value(page.offset);
}

void QueryText::add_ids(std::string_view column, std::string_view op,
                        std::vector<std::int64_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.size() > most_ids) {
    throw_invalid_parameter("The search names too many experiment ids: at most " +
                            std::to_string(most_ids) + " are allowed.");
  }
  add(column);
  if (ids.size() == 1 && op == "IN" && dialect_ != Dialect::Postgresql) {
    add(" = ");
    return add_value(ids.front());
  }
  add(" ");
  add(op);
  add(" (");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) add(", ");
    add(std::to_string(ids[i]));
  }
  add(")");
}

void QueryText::add_comparison(std::string_view column, std::string_view op,
                               const Operand& operand) {
  if (const auto* text = std::get_if<std::string>(&operand)) {
    add_text_comparison(column, op, *text);
  } else if (const auto* texts = std::get_if<std::vector<std::string>>(&operand)) {
    if (op == "IN" || op == "NOT IN") return add_list(column, op, *texts);
    // Only SQLite's driver refuses a list of one.
    if (dialect_ == Dialect::Sqlite || texts->size() != 1) refuse_list(op);
    add_text_comparison(column, op, texts->front());
  } else {
    add(column);
    add(" ");
    add(op);
    add(" ");
    if (const auto* integer = std::get_if<python::Int>(&operand)) {
      add_number(*integer);
    } else {
      add_value(std::get<double>(operand));
    }
  }
}

void QueryText::add_number(const python::Int& number) {
  // PostgreSQL takes a bound number for one of the column's type, which may have 32 bits.
  if (number.fits && dialect_ != Dialect::Postgresql) return add_value(number.value);
  if (dialect_ == Dialect::Sqlite) {
    throw Error(ErrorCode::InternalError, "Python int too large to convert to SQLite INTEGER");
  }
  add(number.digits);
}

void QueryText::add_text_comparison(std::string_view column, std::string_view op,
                                    const std::string& text) {
  if (dialect_ == Dialect::Sqlite && op.ends_with("LIKE") && text.size() > longest_pattern) {
    throw_invalid_parameter("The pattern behind " + std::string(op) + " is too long: at most " +
                            std::to_string(longest_pattern) + " bytes are allowed.");
  }
  const auto simple = [&](std::string_view left) {
    add(left);
    add(" ");
    add(op);
    add(" ");
    add_value(text);
  };
  if (op == "ILIKE" && dialect_ != Dialect::Postgresql) {
    add("lower(");
    add(column);
    add(") LIKE lower(");
    add_value(text);
    add(")");
  } else if (dialect_ == Dialect::Mysql && (op == "=" || op == "!=" || op == "LIKE")) {
    // The collation ignores case, the comparison must not; the first one can use an index.
    add("(");
    simple(column);
    add(op == "!=" ? " OR " : " AND ");
    simple("BINARY " + std::string(column));
    add(")");
  } else {
    simple(column);
  }
}

void QueryText::add_list(std::string_view column, std::string_view op,
                         const std::vector<std::string>& texts) {
  if (dialect_ == Dialect::Mysql) add("BINARY ");
  add(column);
  add(" ");
  add(op);
  add(" (");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) add(", ");
    add_value(texts[i]);
  }
  add(")");
}

void QueryText::add_indexed_like(std::string_view column, const std::string& pattern) {
  add_text_comparison(column, "LIKE", pattern);
  if (dialect_ != Dialect::Sqlite) return;
  const std::string beginning = literal_beginning(pattern);
  if (beginning.empty()) return;
  add(" AND ");
  add_text_comparison(column, ">=", beginning);
  const std::string end = end_of_range(beginning);
  if (end.empty()) return;
  add(" AND ");
  add_text_comparison(column, "<", end);
}

void QueryText::add_joined(std::span<const std::function<void()>> conditions,
                           const std::string& word) {
  constexpr std::size_t flat = 100;
  if (conditions.size() > flat) {
    const std::size_t half = conditions.size() / 2;
    add("(");
    add_joined(conditions.first(half), word);
    add(") " + word + " (");
    add_joined(conditions.subspan(half), word);
    add(")");
    return;
  }
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (i > 0) add(" " + word + " ");
    conditions[i]();
  }
}

std::string literal_beginning(std::string_view pattern) {
  // SQLite's LIKE reads a pattern up to its first NUL.
  return std::string(pattern.substr(0, pattern.find_first_of(std::string_view("%_\0", 3))));
}

std::string end_of_range(std::string_view beginning) {
  while (!beginning.empty()) {
    std::size_t start = beginning.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(beginning[start]) & 0xC0) == 0x80) --start;
    std::size_t position = start;
    const char32_t last = python::next_code_point(beginning, position);
    beginning = beginning.substr(0, start);
    if (last >= last_code_point) continue;
    std::string end(beginning);
    // Surrogates are no text.
    python::append_code_point(end, last == 0xD7FF ? 0xE000 : last + 1);
    return end;
  }
  return {};
}

}  // namespace millrace::search
