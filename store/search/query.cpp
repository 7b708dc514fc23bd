#include "store/search/query.h"

#include "store/common/error.h"

namespace millrace::search {
namespace {

constexpr char32_t last_code_point = 0x10FFFF;

[[noreturn]] void refuse_list(std::string_view op) {
  throw Error(ErrorCode::BadRequest,
              "A list of values can be compared with IN and NOT IN only, not with " +
                  std::string(op) + ".");
}

}  // namespace

void QueryText::add_value(Value value) {
  query_.values.push_back(std::move(value));
  query_.sql += ":p" + std::to_string(query_.values.size());
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
  if (number.fits) return add_value(number.value);
  if (dialect_ == Dialect::Sqlite) {
    throw Error(ErrorCode::InternalError, "Python int too large to convert to SQLite INTEGER");
  }
  add(number.digits);
}

void QueryText::add_text_comparison(std::string_view column, std::string_view op,
                                    const std::string& text) {
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
