// What the search module makes of a filter or an order_by, for the comparison with MLflow in
// compat-tests. Each line of the input is "<what> <hex> <hex> ...", each line of the output
// "error <code> <hex message>" or "ok" and hex words:
//   rm_filter, mv_filter  filter          -> kind key op type value... of each comparison
//   rm_order, mv_order    item...         -> column, "asc" or "desc" of each
//   indexes               nothing         -> statements
//   rm_query, mv_query    dialect limit offset filter item...  -> statement, type value ...
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "store/common/error.h"
#include "store/search/registry_search.h"
#include "store/search/search_indexes.h"

namespace {

using namespace millrace::search;
using millrace::Dialect;
using Words = std::vector<std::string>;

std::string from_hex(std::string_view hex) {
  auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(value(hex[i]) * 16 + value(hex[i + 1]));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  std::string hex = "x";  // an empty text is a word too
  for (unsigned char byte : bytes) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

void append_operand(Words& out, const Operand& operand) {
  if (const auto* text = std::get_if<std::string>(&operand)) {
    out.insert(out.end(), {"text", "1", *text});
  } else if (const auto* integer = std::get_if<millrace::python::Int>(&operand)) {
    out.insert(out.end(), {"int", "1", integer->digits});
  } else if (const auto* real = std::get_if<double>(&operand)) {
    out.insert(out.end(), {"float", "1", millrace::python::float_repr(*real)});
  } else {
    const auto& texts = std::get<std::vector<std::string>>(operand);
    out.insert(out.end(), {"list", std::to_string(texts.size())});
    out.insert(out.end(), texts.begin(), texts.end());
  }
}

Words filter_words(const std::vector<Comparison>& comparisons) {
  Words out;
  for (const Comparison& comparison : comparisons) {
    out.push_back(comparison.kind == KeyKind::Tag ? "tag" : "attribute");
    out.push_back(comparison.key);
    out.push_back(comparison.op);
    append_operand(out, comparison.value);
  }
  return out;
}

Words order_words(const std::vector<OrderItem>& order) {
  Words out;
  for (const OrderItem& item : order) {
    out.emplace_back(item.column);
    out.push_back(item.ascending ? "asc" : "desc");
  }
  return out;
}

Words query_words(const Words& in, bool versions) {
  const Dialect dialect = in.at(0) == "mysql"        ? Dialect::Mysql
                          : in.at(0) == "postgresql" ? Dialect::Postgresql
                                                     : Dialect::Sqlite;
  const Page page{std::stoll(in.at(1)), std::stoll(in.at(2))};
  const Words order(in.begin() + 4, in.end());
  const Query query = versions
                          ? model_versions_query(parse_model_version_search(in.at(3), order),
                                                 "v.name, v.version", page, dialect)
                          : registered_models_query(parse_registered_model_search(in.at(3), order),
                                                    "m.name", page, dialect);
  Words out{query.sql};
  for (const millrace::Value& value : query.values) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      out.insert(out.end(), {"text", *text});
    } else {
      out.insert(out.end(), {"int", std::to_string(std::get<std::int64_t>(value))});
    }
  }
  return out;
}

const std::map<std::string, std::function<Words(const Words&)>, std::less<>> operations = {
    {"rm_filter",
     [](const Words& in) { return filter_words(parse_filter(in.at(0), registered_model_rules)); }},
    {"mv_filter",
     [](const Words& in) { return filter_words(parse_filter(in.at(0), model_version_rules)); }},
    {"rm_order", [](const Words& in) { return order_words(parse_registered_model_order(in)); }},
    {"mv_order", [](const Words& in) { return order_words(parse_model_version_order(in)); }},
    {"indexes", [](const Words&) { return Words(sqlite_indexes.begin(), sqlite_indexes.end()); }},
    {"rm_query", [](const Words& in) { return query_words(in, false); }},
    {"mv_query", [](const Words& in) { return query_words(in, true); }},
};

std::string answer(const std::string& line) {
  std::istringstream stream(line);
  std::string what;
  std::string word;
  Words in;
  stream >> what;
  while (stream >> word) in.push_back(from_hex(std::string_view(word).substr(1)));
  try {
    std::string out = "ok";
    for (const std::string& result : operations.at(what)(in)) out += " " + to_hex(result);
    return out;
  } catch (const millrace::Error& error) {
    return "error " + std::string(error_row(error.code()).wire_name) + " " +
           to_hex(error.message());
  }
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) std::cout << answer(line) << '\n';
}
