#include "api/rules/run_data.h"

#include <gtest/gtest.h>

#include "api/rules/validate.h"
#include "store/common/error.h"

namespace millrace::rules_run_data_test {
namespace {

template <class Work>
std::string refusal(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

std::string times(std::size_t count, const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

TEST(RunDataRules, LongValuesAreCutAtCharacters) {
  Tag param{"k", times(6001, "é")};
  accept_param({}, param, true);
  EXPECT_EQ(param.value, times(6000, "é"));
  Tag tag{"k", times(8001, "x")};
  accept_run_tag({}, tag, true);
  EXPECT_EQ(tag.value, times(8000, "x"));
}

TEST(RunDataRules, LongValuesAreRefusedWhereTheyMayNotBeCut) {
  Tag fits{"k", times(6000, "é")};
  accept_param({}, fits, false);
  EXPECT_EQ(fits.value, times(6000, "é"));
  Tag param{"k", times(6001, "é")};
  EXPECT_EQ(refusal([&] {
              accept_param({"params", 3}, param, false);
            }),
            "'Param value' exceeds the maximum length of 6000 characters");
  const Tag long_tag{"k", times(8001, "x")};
  Tag tag = long_tag;
  EXPECT_EQ(refusal([&] { accept_run_tag({}, tag, false); }),
            "'value' exceeds the maximum length of 8000 characters");
  tag = long_tag;
  EXPECT_EQ(refusal([&] {
              accept_run_tag({"tags", 3}, tag, false);
            }),
            "'tags[3].value' exceeds the maximum length of 8000 characters");
}

TEST(RunDataRules, RunIds) {
  for (const std::string& good : {std::string("a"), std::string("0-_é"), std::string("a\n"),
                                  times(256, "a"), times(256, "a") + "\n"}) {
    EXPECT_EQ(refusal([&] { validate_run_id(good); }), "") << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("\n"), std::string("-a"), std::string("é"), std::string("a b"),
        std::string("a\n\n"), times(257, "a")}) {
    EXPECT_NE(refusal([&] { validate_run_id(bad); }), "") << bad;
  }
  EXPECT_EQ(refusal([] { validate_run_id("é"); }),
            "Invalid value \"\\u00e9\" for parameter 'run_id' supplied.");
}

TEST(RunDataRules, RepeatedKeysAreListedOncePerRepetition) {
  EXPECT_EQ(refusal([] { require_different_keys({{"a", ""}, {"b", ""}}); }), "");
  EXPECT_EQ(refusal([] {
              require_different_keys({{"a", ""}, {"it's", ""}, {"a", ""}, {"it's", ""}, {"a", ""}});
            }),
            "Duplicate parameter keys have been submitted: ['a', \"it's\", 'a']. Please ensure the "
            "request contains only one param value per param key.");
}

}  // namespace
}  // namespace millrace::rules_run_data_test
