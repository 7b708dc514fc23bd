#include "store/search/order_by.h"

#include <gmock/gmock.h>

#include <functional>

#include "store/common/error.h"
#include "store/search/shell_words.h"

namespace millrace::search::order_by_test {
namespace {

using testing::ElementsAre;
using testing::Optional;

using Items = std::vector<std::string>;

Items words(const std::vector<OrderItem>& order) {
  Items result;
  for (const OrderItem& item : order) {
    result.push_back(std::string(item.column) + (item.ascending ? "" : " desc"));
  }
  return result;
}

std::string refusal(const std::function<void()>& parse,
                    ErrorCode code = ErrorCode::InvalidParameterValue) {
  try {
    parse();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return error.message();
  }
  return "accepted";
}

TEST(ShellWords, AsPythonsShlex) {
  EXPECT_THAT(split_shell_words("a \"b c\"'d' \\e ''"),
              Optional(ElementsAre("a", "b cd", "e", "")));
  EXPECT_THAT(split_shell_words("\"a\\\"b\\c\" 'd\\'"), Optional(ElementsAre("a\"b\\c", "d\\")));
  EXPECT_EQ(split_shell_words("'a"), std::nullopt);
  EXPECT_EQ(split_shell_words("a\\"), std::nullopt);
}

TEST(ModelOrder, IsCompletedToATotalOne) {
  EXPECT_THAT(words(parse_registered_model_order({})), ElementsAre("name"));
  EXPECT_THAT(words(parse_registered_model_order({"timestamp DESC"})),
              ElementsAre("last_updated_time desc", "name"));
  EXPECT_THAT(words(parse_registered_model_order({"`name` desc", "last_updated_timestamp"})),
              ElementsAre("name desc", "last_updated_time"));
}

TEST(VersionOrder, IsCompletedToATotalOne) {
  EXPECT_THAT(words(parse_model_version_order({})),
              ElementsAre("last_updated_time desc", "name", "version desc"));
  EXPECT_THAT(words(parse_model_version_order({"attribute.version_number ASC"})),
              ElementsAre("version", "name"));
  EXPECT_THAT(words(parse_model_version_order({"tags.`name` desc", "\"creation_timestamp\""})),
              ElementsAre("name desc", "creation_time", "version desc"));
}

TEST(ModelOrder, Refusals) {
  const auto refused = [](const std::string& item) {
    return refusal([&] { parse_registered_model_order({item}); });
  };
  for (const std::string item : {"", " name", "name ", "name,", "name;", "name asc desc",
                                 "name desc x", "'name'", "TIMESTAMP", "`a\"b`"}) {
    EXPECT_EQ(refused(item), "Invalid order_by clause '" + item + "'. Could not be parsed.");
  }
  EXPECT_EQ(refused("name down"), "Invalid ordering key in order_by clause 'name down'.");
  EXPECT_EQ(refused("creation_timestamp"),
            "Invalid order by key 'creation_timestamp' specified. Valid keys are '{'name', "
            "'timestamp'}'");
  EXPECT_EQ(refused("`name`"),
            "Invalid order by key '`name`' specified. Valid keys are '{'name', 'timestamp'}'");
}

TEST(VersionOrder, Refusals) {
  const auto refused = [](const std::string& item) {
    return refusal([&] { parse_model_version_order({item}); });
  };
  const std::string keys =
      "{'name', 'version_number', 'creation_timestamp', 'last_updated_timestamp'}";
  EXPECT_EQ(refused("current_stage"),
            "Invalid attribute key 'current_stage' specified. Valid keys are '" + keys + "'");
  EXPECT_EQ(refused("tags.x"), "Invalid order by key 'x' specified. Valid keys are " + keys);
  EXPECT_EQ(refused("run.name"),
            "Invalid entity type 'run'. Valid entity types are ('attribute', 'tag', 'tags')");
}

TEST(Order, AColumnGivenTwiceIsAnErrorOfItsOwn) {
  EXPECT_EQ(refusal(
                [] {
                  parse_registered_model_order({"name", "name DESC", "nonsense"});
                },
                ErrorCode::InternalError),
            "`order_by` contains duplicate fields: ['name', 'name DESC', 'nonsense']");
  EXPECT_EQ(refusal(
                [] {
                  parse_registered_model_order({"timestamp", "last_updated_timestamp"});
                },
                ErrorCode::InternalError),
            "`order_by` contains duplicate fields: ['timestamp', 'last_updated_timestamp']");
}

}  // namespace
}  // namespace millrace::search::order_by_test
