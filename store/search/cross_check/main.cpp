// What the search module makes of a filter or an order_by, for the comparison with MLflow in
// compat-tests. Each line of the input is "<what> <hex> <hex> ...", each line of the output
// "error <code> <hex message>" or "ok" and hex words:
//   rm_filter, mv_filter  filter          -> kind key op type value... of each comparison
//   rm_order, mv_order    item...         -> column, "asc" or "desc" of each
//   exp_filter            filter          -> the same of experiments
//   exp_search            filter item...  -> column, "asc" or "desc" of each
//   indexes               nothing         -> statements
//   rm_query, mv_query    dialect limit offset filter item...  -> statement, type value ...
//   run_filter, run_order, run_query   likewise for runs; run_query searches experiments 1 and 2
//   model_filter          filter, of logged models -> kind key op "text", "float" or "list"
//   value... exp_query             dialect limit offset filter item...  -> statement, type value
//   ...
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "store/common/error.h"
#include "store/search/experiments.h"
#include "store/search/indexes.h"
#include "store/search/logged_models.h"
#include "store/search/registry.h"
#include "store/search/runs.h"

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
    if (!comparison.op.ends_with("NULL")) append_operand(out, comparison.value);
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

constexpr std::string_view run_kinds[] = {"metric", "parameter", "tag", "attribute", "dataset"};

Words run_filter_words(const Words& in) {
  Words out;
  for (const RunComparison& comparison : parse_run_search(in.at(0), {}).filter) {
    out.emplace_back(run_kinds[static_cast<std::size_t>(comparison.key.kind)]);
    out.insert(out.end(), {comparison.key.name, comparison.op});
    append_operand(out, comparison.value);
  }
  return out;
}

std::string value_text(const millrace::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) return millrace::python::float_repr(*real);
  return "None";
}

Words model_filter_words(const Words& in) {
  static constexpr std::string_view kinds[] = {"attributes", "metrics", "params", "tags"};
  Words out;
  for (const ModelComparison& comparison : parse_logged_model_filter(in.at(0))) {
    out.emplace_back(kinds[static_cast<std::size_t>(comparison.kind)]);
    out.insert(out.end(), {comparison.key, comparison.op});
    if (const auto* text = std::get_if<std::string>(&comparison.value)) {
      out.insert(out.end(), {"text", *text});
    } else if (const auto* real = std::get_if<double>(&comparison.value)) {
      out.insert(out.end(), {"float", millrace::python::float_repr(*real)});
    } else {
      const auto& literal = std::get<LiteralValue>(comparison.value);
      out.emplace_back(literal.is_list ? "list" : "single");
      for (const millrace::Value& item : literal.items) out.push_back(value_text(item));
      if (!literal.storable) out.emplace_back("and more");
    }
  }
  return out;
}

Words run_order_words(const Words& in) {
  Words out;
  for (const RunOrderItem& item : parse_run_search("", in).order) {
    out.emplace_back(run_kinds[static_cast<std::size_t>(item.key.kind)]);
    out.insert(out.end(), {item.key.name, item.ascending ? "asc" : "desc"});
  }
  return out;
}

// The arguments of all queries: dialect limit offset filter item...
struct QueryArguments {
  explicit QueryArguments(const Words& in)
      : dialect(in.at(0) == "mysql"        ? Dialect::Mysql
                : in.at(0) == "postgresql" ? Dialect::Postgresql
                                           : Dialect::Sqlite),
        page{std::stoll(in.at(1)), std::stoll(in.at(2))},
        filter(in.at(3)),
        order(in.begin() + 4, in.end()) {}

  Dialect dialect;
  Page page;
  std::string filter;
  Words order;
};

Words query_words(const Query& query) {
  Words out{query.sql};
  for (const millrace::Value& value : query.values) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      out.insert(out.end(), {"text", *text});
    } else if (const auto* real = std::get_if<double>(&value)) {
      out.insert(out.end(), {"float", millrace::python::float_repr(*real)});
    } else {
      out.insert(out.end(), {"int", std::to_string(std::get<std::int64_t>(value))});
    }
  }
  return out;
}

Words model_query_words(const Words& in) {
  const QueryArguments q(in);
  return query_words(registered_models_query(parse_registered_model_search(q.filter, q.order),
                                             "m.name", q.page, q.dialect));
}

Words version_query_words(const Words& in) {
  const QueryArguments q(in);
  return query_words(model_versions_query(parse_model_version_search(q.filter, q.order),
                                          "v.name, v.version", q.page, q.dialect));
}

Words experiment_query_words(const Words& in) {
  static constexpr std::string_view kStages[] = {"active", "deleted"};
  const QueryArguments q(in);
  return query_words(experiments_query(parse_experiment_search(q.filter, q.order),
                                       "e.experiment_id", kStages, q.page, q.dialect));
}

Words run_query_words(const Words& in) {
  const QueryArguments q(in);
  return query_words(runs_query(parse_run_search(q.filter, q.order), {{1, 2}, {"active"}},
                                "r.run_uuid", q.page, q.dialect));
}

const std::map<std::string, std::function<Words(const Words&)>, std::less<>> operations = {
    {"rm_filter",
     [](const Words& in) { return filter_words(parse_filter(in.at(0), registered_model_rules)); }},
    {"mv_filter",
     [](const Words& in) { return filter_words(parse_filter(in.at(0), model_version_rules)); }},
    {"rm_order", [](const Words& in) { return order_words(parse_registered_model_order(in)); }},
    {"mv_order", [](const Words& in) { return order_words(parse_model_version_order(in)); }},
    {"exp_filter", [](const Words& in) { return filter_words(parse_experiment_filter(in.at(0))); }},
    {"exp_search",
     [](const Words& in) {
       return order_words(parse_experiment_search(in.at(0), {in.begin() + 1, in.end()}).order);
     }},
    {"exp_query", experiment_query_words},
    {"indexes",
     [](const Words&) {
       Words statements;
       for (const Index& index : indexes(Dialect::Sqlite)) statements.push_back(index.statement);
       return statements;
     }},
    {"rm_query", model_query_words},
    {"mv_query", version_query_words},
    {"model_filter", model_filter_words},
    {"run_filter", run_filter_words},
    {"run_order", run_order_words},
    {"run_query", run_query_words},
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
