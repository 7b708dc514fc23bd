#include "api/graphql/execution.h"

#include <gtest/gtest.h>

#include "api/json/reader.h"
#include "api/json/writer.h"
#include "store/common/error.h"

namespace millrace::graphql {
namespace {

// {"data": ..., "errors": [...]} of a query over one run.
std::string run(const std::string& query, const std::string& variables = "{}",
                const std::optional<std::string>& operation = std::nullopt) {
  const auto resolver = [](const std::string& type, const std::string& field,
                           const Json& argument) -> Json {
    if (field == "test") return {{"output", argument}};
    if (type == "MlflowRunExtension")
      return {{"name", "of " + argument["info"]["run_id"].get<std::string>()}};
    if (argument.value("run_id", "") == "none")
      throw Error(ErrorCode::ResourceDoesNotExist, "no run");
    return *parse_json_text(R"({"run": {"info": {"run_id": "r", "start_time": 9007199254740993},
        "data": {"metrics": [{"key": "m", "value": 0.5}, {"key": "n", "value": "NaN"}]}}})");
  };
  const Result result = execute({query, *parse_json_text(variables), operation}, {}, resolver);
  return python_json_dumps({{"data", result.data}, {"errors", result.errors}}, true,
                           Layout::Compact);
}

TEST(GraphqlExecution, CutsTheAnswerToWhatWasAskedFor) {
  EXPECT_EQ(run("{mlflowGetRun(input:{runId:\"r\"}){run{info{id:runId startTime status}}}}"),
            R"({"data":{"mlflowGetRun":{"run":{"info":{"id":"r","startTime":"9007199254740993",)"
            R"("status":"RUNNING"}}}},"errors":[]})");
}

TEST(GraphqlExecution, WhatTheRestAnswerLeavesOutHasItsDefault) {
  EXPECT_EQ(run("{mlflowGetRun(input:{}){apiError{code} run{info{endTime userId} "
                "outputs{modelOutputs{step}}}}}"),
            R"({"data":{"mlflowGetRun":{"apiError":null,"run":{"info":{"endTime":"0","userId":""},)"
            R"("outputs":{"modelOutputs":[]}}}},"errors":[]})");
}

TEST(GraphqlExecution, NanOfARunIsNull) {
  EXPECT_EQ(run("{mlflowGetRun(input:{}){run{data{metrics{key value}}}}}"),
            R"({"data":{"mlflowGetRun":{"run":{"data":{"metrics":[{"key":"m","value":0.5},)"
            R"({"key":"n","value":null}]}}}},"errors":[]})");
}

TEST(GraphqlExecution, AFailingFieldIsNullAndTheOthersStay) {
  EXPECT_EQ(run("{a:mlflowGetRun(input:{runId:\"none\"}){run{info{runId}}} "
                "test(inputString:\"x\"){output}}"),
            R"({"data":{"a":null,"test":{"output":"x"}},"errors":["no run"]})");
}

TEST(GraphqlExecution, FragmentsVariablesAndNestedResolvers) {
  EXPECT_EQ(
      run("query A($i: MlflowGetRunInput!) {mlflowGetRun(input:$i){...F run{info{runId}}}}"
          " fragment F on MlflowGetRunResponse {run{experiment{name}}} query B {__typename}",
          R"({"i": {"runId": "x"}})", "A"),
      R"({"data":{"mlflowGetRun":{"run":{"experiment":{"name":"of r"},"info":{"runId":"r"}}}},)"
      R"("errors":[]})");
}

TEST(GraphqlExecution, LimitsComeBeforeValidation) {
  std::string nested = "{test";
  for (int i = 0; i < 10; ++i) nested += "{a";
  nested += std::string(11, '}');
  EXPECT_EQ(run(nested), R"({"data":null,"errors":["Query exceeds maximum depth of 10"]})");
  std::string wide = "{test{";
  for (int i = 0; i < 1000; ++i) wide += "output ";
  EXPECT_EQ(run(wide + "}}"),
            R"({"data":null,"errors":["Query exceeds maximum total selections of 1000"]})");
}

TEST(GraphqlExecution, FieldsOfOneKeyMustBeOneField) {
  const std::string two_parents =
      "{mlflowGetRun(input:{}){run{x:info{runId}} run{x:data{metrics{key}}}}}";
  EXPECT_EQ(
      run(two_parents),
      R"({"data":null,"errors":["Fields 'run' conflict because subfields 'x' conflict because)"
      R"( 'info' and 'data' are different fields. Use different aliases on the fields to fetch)"
      R"( both if this was intentional."]})");
  EXPECT_EQ(
      run("{a:mlflowGetRun(input:{}){run{info{runId}}} ...F}"
          " fragment F on Query{a:mlflowSearchRuns(input:{}){runs{info{runId}}}}"),
      R"({"data":null,"errors":["Fields 'a' conflict because 'mlflowGetRun' and)"
      R"( 'mlflowSearchRuns' are different fields. Use different aliases on the fields to fetch)"
      R"( both if this was intentional."]})");
  EXPECT_EQ(run("{mlflowGetRun(input:{}){run{info{runId}} run{info{startTime}}}}"),
            R"({"data":{"mlflowGetRun":{"run":{"info":{"runId":"r",)"
            R"("startTime":"9007199254740993"}}}},"errors":[]})");
}

TEST(GraphqlExecution, LongChainsOfFragmentsAreRefused) {
  std::string query = "query{__typename}";
  for (int i = 1; i < 1000; ++i)
    query += " fragment F" + std::to_string(i) + " on Query{...F" + std::to_string(i - 1) + "}";
  EXPECT_THROW(run(query), Error);
}

TEST(GraphqlExecution, FragmentsThatSpreadEachOtherEnd) {
  EXPECT_EQ(run("{...A} fragment A on Query{...B} fragment B on Query{...A}"),
            R"({"data":null,"errors":["Cannot spread fragment 'A' within itself via 'B'."]})");
}

TEST(GraphqlExecution, WhatCannotBeParsedIsRefused) {
  for (const std::string& query :
       {std::string(), std::string("{"), std::string("{}"), std::string("{a(b:\"c)}"),
        std::string("{a(b:00)}"), std::string("{a(b:\"\\uD800\")}"), std::string("\xFF"),
        "{a(b:" + std::string(100'000, '[') + ")}", std::string(100'000, '{')}) {
    EXPECT_THROW(run(query), Error) << query.substr(0, 30);
  }
}

}  // namespace
}  // namespace millrace::graphql
