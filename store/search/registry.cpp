#include "store/search/registry.h"

#include <algorithm>

#include "store/common/error.h"
#include "store/search/registry_sql.h"

namespace millrace::search {
namespace {

constexpr Column model_columns[] = {{"name", "m.name"}};
constexpr std::string_view model_links[] = {"name"};
constexpr SearchTable models = {.table = "registered_models",
                                .alias = "m",
                                .columns = model_columns,
                                .tag_table = "registered_model_tags",
                                .links = model_links,
                                .condition = "",
                                .rare = 1'500};

constexpr Column version_columns[] = {{"name", "v.name"},
                                      {"version_number", "v.version"},
                                      {"run_id", "v.run_id"},
                                      {"source_path", "v.source"}};
constexpr std::string_view version_links[] = {"name", "version"};
constexpr SearchTable versions = {.table = "model_versions",
                                  .alias = "v",
                                  .columns = version_columns,
                                  .tag_table = "model_version_tags",
                                  .links = version_links,
                                  .condition = "v.current_stage != 'Deleted_Internal'",
                                  .rare = 4'000};

[[noreturn]] void refuse_operator(std::string_view where, const std::string& op) {
  throw_invalid_parameter("Invalid comparator for " + std::string(where) + ": " + op);
}

void check_tag_operator(const Comparison& comparison) {
  if (!one_of(comparison.op, {"=", "!=", "LIKE", "ILIKE"})) refuse_operator("tag", comparison.op);
}

void check_text_operator(const Comparison& comparison) {
  if (!one_of(comparison.op, {"=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"})) {
    refuse_operator("attribute", comparison.op);
  }
}

// A version number may be written as a number or as a quoted text; it is an integer from here on.
void check_number(Comparison& comparison) {
  if (!one_of(comparison.op, {"=", "!=", "<", "<=", ">", ">="})) {
    refuse_operator("attribute " + comparison.key, comparison.op);
  }
  const auto refuse = [&](const std::string& repr) {
    throw_invalid_parameter("Invalid value for numeric attribute '" + comparison.key +
                            "': " + repr);
  };
  if (const auto* real = std::get_if<double>(&comparison.value)) refuse(python::float_repr(*real));
  if (const auto* text = std::get_if<std::string>(&comparison.value)) {
    const std::optional<python::Int> number = python::parse_int(*text);
    if (!number) refuse(python::repr(*text));
    comparison.value = *number;
  }
}

void check_version_operator(Comparison& comparison) {
  if (comparison.kind == KeyKind::Tag) {
    check_tag_operator(comparison);
  } else if (comparison.key == "version_number") {
    check_number(comparison);
  } else {
    check_text_operator(comparison);
    if (one_of(comparison.op, {"IN", "NOT IN"}) && !one_of(comparison.key, {"name", "run_id"})) {
      refuse_operator("attribute", comparison.op);
    }
  }
}

}  // namespace

ParsedSearch parse_registered_model_search(std::string_view filter,
                                           const std::vector<std::string>& order_by) {
  ParsedSearch search;
  search.filter = parse_filter(filter, registered_model_rules);
  search.order = parse_registered_model_order(order_by);
  return search;
}

ParsedSearch parse_model_version_search(std::string_view filter,
                                        const std::vector<std::string>& order_by) {
  ParsedSearch search;
  search.filter = parse_filter(filter, model_version_rules);
  for (Comparison& comparison : search.filter) check_version_operator(comparison);
  search.order = parse_model_version_order(order_by);
  return search;
}

Query registered_models_query(const ParsedSearch& search, std::string_view columns,
                              const Page& page, Dialect dialect) {
  for (const Comparison& comparison : search.filter) {
    if (comparison.kind == KeyKind::Tag) {
      check_tag_operator(comparison);
    } else {
      check_text_operator(comparison);
    }
  }
  return search_query(models, search, columns, page, dialect);
}

Query model_versions_query(const ParsedSearch& search, std::string_view columns, const Page& page,
                           Dialect dialect) {
  return search_query(versions, search, columns, page, dialect);
}

}  // namespace millrace::search
