// Takes any bytes as the filter and the order_by items of each search, one a line: no crash, and a
// statement has as many places as values.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/common/error.h"
#include "store/fuzz/fuzzing.h"
#include "store/search/experiments.h"
#include "store/search/lexer.h"
#include "store/search/logged_models.h"
#include "store/search/registry.h"
#include "store/search/runs.h"

namespace {

using namespace millrace::search;
using millrace::Dialect;
using millrace::fuzzing::require;

void check_lexemes(std::string_view text) {
  std::size_t covered = 0;
  for (Lexer lexer(text); !lexer.done();) {
    const Lexeme lexeme = lexer.next();
    require(!lexeme.text.empty() && lexeme.text.data() == text.data() + covered);
    covered += lexeme.text.size();
  }
  require(covered == text.size());
}

// No text of the request is in a statement, so every colon in it begins a place.
void check_query(const Query& query) {
  const auto places = std::count(query.sql.begin(), query.sql.end(), ':');
  require(static_cast<std::size_t>(places) == query.values.size());
}

template <class Parse, class Build>
void check_search(std::string_view filter, const std::vector<std::string>& order_by, Parse parse,
                  Build build) {
  try {
    const auto search = parse(filter, order_by);
    for (const Dialect dialect : {Dialect::Mysql, Dialect::Postgresql, Dialect::Sqlite}) {
      check_query(build(search, "*", Page{101, 0}, dialect));
    }
  } catch (const millrace::Error& error) {
    require(!error.message().empty());
  }
}

Query active_experiments_query(const ParsedSearch& search, std::string_view columns,
                               const Page& page, Dialect dialect) {
  static constexpr std::string_view kStages[] = {"active"};
  return experiments_query(search, columns, kStages, page, dialect);
}

Query active_runs_query(const RunSearch& search, std::string_view columns, const Page& page,
                        Dialect dialect) {
  return runs_query(search, {{1, 2}, {"active"}}, columns, page, dialect);
}

LoggedModelSearch parse_logged_model_search(std::string_view filter,
                                            const std::vector<std::string>& order_by) {
  std::vector<ModelOrderField> order;
  for (const std::string& name : order_by) {
    order.push_back(
        {.field_name = name, .ascending = true, .dataset_name = "d", .dataset_digest = {}});
  }
  return {.experiment_ids = {1, 2},
          .filter = parse_logged_model_filter(filter),
          .datasets = {{.name = "d", .digest = std::nullopt}},
          .order = parse_logged_model_order(order)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = millrace::fuzzing::text_of(data, size);
  check_lexemes(text);
  const std::string_view filter = millrace::fuzzing::take_line(text);
  std::vector<std::string> order_by;
  while (!text.empty()) order_by.emplace_back(millrace::fuzzing::take_line(text));
  check_search(filter, order_by, parse_registered_model_search, registered_models_query);
  check_search(filter, {}, parse_model_version_search, model_versions_query);
  check_search({}, order_by, parse_model_version_search, model_versions_query);
  check_search(filter, {}, parse_experiment_search, active_experiments_query);
  check_search({}, order_by, parse_experiment_search, active_experiments_query);
  check_search(filter, {}, parse_run_search, active_runs_query);
  check_search({}, order_by, parse_run_search, active_runs_query);
  check_search(filter, {}, parse_logged_model_search, logged_models_query);
  check_search({}, order_by, parse_logged_model_search, logged_models_query);
  return 0;
}
