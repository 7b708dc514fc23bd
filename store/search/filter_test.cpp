#include "store/search/filter.h"

#include <gmock/gmock.h>

#include "store/common/error.h"
#include "store/search/registry.h"

namespace millrace::search::filter_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// kind.key op value, a list in parentheses.
std::string word(const Comparison& comparison) {
  std::string text = comparison.kind == KeyKind::Tag ? "tag." : "attribute.";
  text += comparison.key + " " + comparison.op + " ";
  if (const auto* value = std::get_if<std::string>(&comparison.value)) return text + *value;
  if (const auto* number = std::get_if<python::Int>(&comparison.value))
    return text + number->digits;
  if (const auto* real = std::get_if<double>(&comparison.value))
    return text + python::float_repr(*real);
  for (const std::string& item : std::get<std::vector<std::string>>(comparison.value)) {
    text += "(" + item + ")";
  }
  return text;
}

std::vector<std::string> words(std::string_view filter, const FilterRules& rules) {
  std::vector<std::string> result;
  for (const Comparison& comparison : parse_filter(filter, rules))
    result.push_back(word(comparison));
  return result;
}

template <class Parse>
std::string refusal(Parse parse, ErrorCode code = ErrorCode::InvalidParameterValue) {
  try {
    parse();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return error.message();
  }
  return "accepted";
}

std::string model_refusal(std::string_view filter) {
  return refusal([&] {
    registered_models_query(parse_registered_model_search(filter, {}), "m.name", {},
                            Dialect::Sqlite);
  });
}

std::string version_refusal(std::string_view filter) {
  return refusal([&] { parse_model_version_search(filter, {}); });
}

TEST(Filter, Comparisons) {
  EXPECT_THAT(words("", registered_model_rules), IsEmpty());
  EXPECT_THAT(words("name='a' AND AND tags.`b c` ilike \"d\" and attribute.name in ('e', 'f') and",
                    registered_model_rules),
              ElementsAre("attribute.name = a", "tag.b c ILIKE d", "attribute.name IN (e)(f)"));
  EXPECT_THAT(words("version_number >= -2 AND run_id NOT IN ('r')", model_version_rules),
              ElementsAre("attribute.version_number >= -2", "attribute.run_id NOT IN (r)"));
  EXPECT_THAT(words("tags. = 'it''s' tag.a.b != '\\'", registered_model_rules),
              ElementsAre("tag. = it''s", "tag.a.b != \\"));
}

TEST(Filter, WhatIsNoListOfComparisons) {
  EXPECT_EQ(model_refusal("   "), "Invalid filter '   '. Could not be parsed.");
  EXPECT_EQ(model_refusal("a='1'; b='2'"),
            "Search filter contained multiple expression \"a='1'; b='2'\". Provide AND-ed "
            "expression list.");
  const std::string leftovers = "Invalid clause(s) in filter string: ";
  EXPECT_EQ(model_refusal("name = 'a' OR name = 'b'"), leftovers + "OR");
  EXPECT_EQ(model_refusal("(name = 'a')"), leftovers + "(name = 'a')");
  EXPECT_EQ(model_refusal("name = 'a';"), leftovers + ";");
  EXPECT_EQ(model_refusal("order = '1'"), leftovers + "order, =, '1'");
  EXPECT_EQ(model_refusal("name = 'a"), leftovers + "name, =, ', a");
  EXPECT_EQ(model_refusal("name /* c */ = 'a'"), leftovers + "name /* c */, =, 'a'");
  EXPECT_EQ(model_refusal("'a' = 'b'"),
            "Invalid comparison clause. Expected 'Identifier' found ''a''");
  EXPECT_EQ(model_refusal(std::string(101, '(') + std::string(101, ')')),
            "Error on parsing filter '" + std::string(101, '(') + std::string(101, ')') + "'");
}

TEST(Filter, ANulStaysInTheMessage) {
  EXPECT_EQ(model_refusal(std::string_view("a\0b", 3)),
            std::string("Invalid clause(s) in filter string: a, \0, b", 43));
}

TEST(Filter, Keys) {
  EXPECT_EQ(
      model_refusal("attributes.name = 'a'"),
      "Invalid entity type 'attributes'. Valid entity types are ('attribute', 'tag', 'tags')");
  EXPECT_EQ(model_refusal("`name` = 'a'"),
            "Invalid attribute key '`name`' specified. Valid keys are '{'name'}'");
  EXPECT_EQ(version_refusal("creation_timestamp = 1"),
            "Invalid attribute key 'creation_timestamp' specified. Valid keys are '{'name', "
            "'version_number', 'run_id', 'source_path'}'");
}

TEST(Filter, Values) {
  EXPECT_EQ(
      model_refusal("name = `a`"),
      "Parameter value is either not quoted or unidentified quote types used for string value "
      "`a`. Use either single or double quotes.");
  EXPECT_EQ(model_refusal("name = 5"),
            "Expected a quoted string value or a list of quoted string values for attributes. Got "
            "value 5");
  EXPECT_EQ(version_refusal("run_id = 5"),
            "Only the '{'version_number', 'creation_timestamp', 'last_updated_timestamp'}' "
            "attributes support comparison with numeric values.");
  EXPECT_EQ(version_refusal("tags.a = 5"),
            "Expected a quoted string value for tag (e.g. 'my-value'). Got value 5");
  EXPECT_EQ(version_refusal("source_path IN ('a')"),
            "Only ['name', 'run_id'] attributes support comparison with a list of quoted string "
            "values.");
}

TEST(Filter, Operators) {
  EXPECT_EQ(model_refusal("name > 'a'"), "Invalid comparator for attribute: >");
  EXPECT_EQ(model_refusal("tags.a not  like 'b'"), "Invalid comparator for tag: NOT  LIKE");
  EXPECT_EQ(version_refusal("version_number LIKE '1'"),
            "Invalid comparator for attribute version_number: LIKE");
  EXPECT_EQ(version_refusal("version_number = 1e3"),
            "Invalid value for numeric attribute 'version_number': 1000.0");
  EXPECT_EQ(version_refusal("version_number = 'x'"),
            "Invalid value for numeric attribute 'version_number': 'x'");
  EXPECT_EQ(version_refusal("version_number = ' 1_0 '"), "accepted");
}

TEST(Filter, OperatorsOfModelsAreCheckedByTheQueryOnly) {
  EXPECT_NO_THROW(parse_registered_model_search("name > 'a'", {}));
}

TEST(Filter, WhereMlflowCrashes) {
  EXPECT_EQ(model_refusal("tags.a IS NOT NULL"),
            "Invalid comparison clause. IS NOT NULL is not supported: expected a comparison with a "
            "value.");
  EXPECT_EQ(version_refusal("version_number = " + std::string(4301, '1')),
            "A number in the filter string has more than 4300 digits.");
}

}  // namespace
}  // namespace millrace::search::filter_test
