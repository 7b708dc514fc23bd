#include "api/entities/logged_model_history.h"

#include <gtest/gtest.h>

#include "store/common/clock.h"
#include "store/common/error.h"

namespace millrace::logged_model_history_test {
namespace {

std::string failure(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
    return error.message();
  }
  return "no error";
}

TEST(LoggedModelHistory, KeepsFiveFieldsInMlflowsOrder) {
  EXPECT_EQ(history_entry(R"({"flavors": {"b": {"x": 1, "config": 2}, "a": 5}, "extra": 1,
                             "utc_time_created": "t", "artifact_path": "p", "run_id": "r"})"),
            R"({"run_id": "r", "artifact_path": "p", "utc_time_created": "t", "model_uuid": null,)"
            R"( "flavors": {"b": {"x": 1}, "a": 5}})");
  EXPECT_EQ(history_entry(R"({"flavors": null, "artifact_path": null, "run_id": null,
                             "utc_time_created": ["a", true], "model_uuid": 1.0})"),
            R"({"utc_time_created": "['a', True]", "model_uuid": 1.0, "flavors": {}})");
}

TEST(LoggedModelHistory, AModelWithoutATimeWasMadeNow) {
  const FixedClock clock(1767323045'067);
  const std::string stamped =
      R"({"utc_time_created": "2026-01-02 03:04:05.067000", "model_uuid": null, "flavors": {}})";
  for (const std::string none : {"null", "\"\"", "0", "0.0", "false", "[]", "{}"}) {
    EXPECT_EQ(history_entry(R"({"flavors": {}, "artifact_path": null, "run_id": null,)"
                            R"( "utc_time_created": )" +
                            none + "}"),
              stamped)
        << none;
  }
}

TEST(LoggedModelHistory, RefusesWhatIsNoModel) {
  EXPECT_EQ(failure([] { history_entry("{"); }),
            "Malformed model info. \n { \n is not a valid JSON.");
  EXPECT_EQ(failure([] { history_entry(R"({"flavors": {}, "run_id": 1})"); }),
            "Model json is missing mandatory fields: {'artifact_path', 'utc_time_created'}");
  EXPECT_NE(failure([] { history_entry("5"); }), "no error");
  EXPECT_NE(failure([] {
              history_entry(
                  R"({"flavors": [], "artifact_path": "", "run_id": "", "utc_time_created": ""})");
            }),
            "no error");
}

TEST(LoggedModelHistory, RefusesASignatureThatIsNone) {
  const auto with = [](const std::string& signature) {
    return R"({"flavors": {}, "artifact_path": "", "run_id": "", "utc_time_created": "t", )"
           R"("signature": )" +
           signature + "}";
  };
  EXPECT_EQ(history_entry(with("null")), history_entry(with("{}")));
  EXPECT_EQ(failure([&] { history_entry(with("5")); }),
            "The 'signature' of the model info must be a JSON object.");
}

TEST(LoggedModelHistory, Grows) {
  EXPECT_EQ(append_to_history(std::nullopt, "{}"), "[{}]");
  EXPECT_EQ(append_to_history("[ ]", "{}"), "[{}]");
  EXPECT_EQ(append_to_history(R"([{"b":1,"a":"é"}])", "{}"), R"([{"b": 1, "a": "\u00e9"}, {}])");
  for (const char* no_list : {"", "5", "{}", "[1", "null"}) {
    EXPECT_NE(failure([&] { append_to_history(no_list, "{}"); }), "no error") << no_list;
  }
}

}  // namespace
}  // namespace millrace::logged_model_history_test
