#include "api/graphql/execution.h"

#include <gtest/gtest.h>

#include <map>

#include "api/json/reader.h"
#include "store/common/error.h"

namespace millrace::graphql::execution_test {
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
  std::string answer;
  execute({query, *parse_json_text(variables), operation}, {}, resolver, answer, [] {});
  return answer;
}

TEST(GraphqlExecution, CutsTheAnswerToWhatWasAskedFor) {
  EXPECT_EQ(run("{mlflowGetRun(input:{runId:\"r\"}){run{info{id:runId startTime status}}}}"),
            R"({"data":{"mlflowGetRun":{"run":{"info":{"id":"r","startTime":"9007199254740993",)"
            R"("status":"RUNNING"}}}},"errors":null})");
}

TEST(GraphqlExecution, WhatTheRestAnswerLeavesOutHasItsDefault) {
  EXPECT_EQ(run("{mlflowGetRun(input:{}){apiError{code} run{info{endTime userId} "
                "outputs{modelOutputs{step}}}}}"),
            R"({"data":{"mlflowGetRun":{"apiError":null,"run":{"info":{"endTime":"0","userId":""},)"
            R"("outputs":{"modelOutputs":[]}}}},"errors":null})");
}

TEST(GraphqlExecution, NanOfARunIsNull) {
  EXPECT_EQ(run("{mlflowGetRun(input:{}){run{data{metrics{key value}}}}}"),
            R"({"data":{"mlflowGetRun":{"run":{"data":{"metrics":[{"key":"m","value":0.5},)"
            R"({"key":"n","value":null}]}}}},"errors":null})");
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
      R"("errors":null})");
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
            R"("startTime":"9007199254740993"}}}},"errors":null})");
}

TEST(GraphqlExecution, BlockStringsLoseBlankLinesAndCommonIndentation) {
  for (const auto& [block, value] :
       std::map<std::string, std::string>{{"abc", "abc"},
                                          {"", ""},
                                          {"\n \n", ""},
                                          {"\n\n  a\n\n    b\n  \n", "a\\n\\n  b"},
                                          {" a\r\n  b\r c", " a\\n b\\nc"}}) {
    EXPECT_EQ(run("{test(inputString:\"\"\"" + block + "\"\"\"){output}}"),
              R"({"data":{"test":{"output":")" + value + R"("}},"errors":null})");
  }
}

TEST(GraphqlExecution, EscapesOfTwoHalvesAreOneCharacter) {
  EXPECT_EQ(run(R"({test(inputString:"\uD83D\uDE00 \u{1F600}"){output}})"),
            R"({"data":{"test":{"output":"\ud83d\ude00 \ud83d\ude00"}},"errors":null})");
}

TEST(GraphqlExecution, MembersComeByNameAndErrorsInTheOrderOfTheQuery) {
  EXPECT_EQ(run("{z:mlflowGetRun(input:{runId:\"none\"}){run{info{runId}}} "
                "y:test(inputString:\"x\"){output} a:mlflowGetRun{run{info{runId}}}}"),
            R"({"data":{"a":null,"y":{"output":"x"},"z":null},"errors":["no run",)"
            R"("Missing value for required argument 'input' of field 'mlflowGetRun'."]})");
}

TEST(GraphqlExecution, ErrorsOfVariablesEndAtTheFiftieth) {
  std::string members;
  for (int i = 0; i < 51; ++i)
    members += (i == 0 ? "" : ",") + ("\"a" + std::to_string(i)) + "\":1";
  const std::string query = "query($i:MlflowGetRunInput){mlflowGetRun(input:$i){run{info{runId}}}}";
  const Json answer = *parse_json_text(run(query, "{\"i\":{" + members + "}}"));
  EXPECT_EQ(answer["data"], Json());
  ASSERT_EQ(answer["errors"].size(), 51U);
  EXPECT_EQ(answer["errors"][0],
            "Variable '$i' got invalid value {'a0': 1, 'a1': 1, 'a2': 1, 'a3': 1, 'a4': 1, ..., "
            "'a47': 1, 'a48': 1, 'a49': 1, 'a50': 1}; Field 'a0' is not defined by type "
            "'MlflowGetRunInput'.");
  EXPECT_EQ(answer["errors"][50],
            "Too many errors processing variables, error limit reached. Execution aborted.");
}

TEST(GraphqlExecution, FaultsOfADocumentEndAtTheHundredth) {
  std::string query = "{test{";
  for (int i = 0; i < 200; ++i) query += " a" + std::to_string(i);
  const Json answer = *parse_json_text(run(query + "}}"));
  ASSERT_EQ(answer["errors"].size(), 101U);
  EXPECT_EQ(answer["errors"][100],
            "Too many validation errors, error limit reached. Validation aborted.");
}

TEST(GraphqlExecution, SelectionsOfAllOperationsCountTogether) {
  std::string query = "fragment F on Query{";
  for (int i = 0; i < 900; ++i) query += " f";
  query += "} query a{...F} query b{...F}";
  EXPECT_EQ(run(query),
            R"({"data":null,"errors":["Query exceeds maximum total selections of 1000"]})");
}

TEST(GraphqlExecution, UsesOfFragmentsCountWhereverTheyAreMet) {
  std::string query = "{";
  for (int i = 0; i < 40; ++i) query += " test{...F}";
  query += "} fragment F on Test{";
  for (int i = 0; i < 30; ++i) query += " ...G";
  EXPECT_EQ(run(query + "} fragment G on Test{output}"),
            R"({"data":null,"errors":["Query exceeds maximum uses of fragments of 1000"]})");
}

TEST(GraphqlExecution, AListThatNamesALongVariableAgainAndAgainIsRefused) {
  std::string query = "query($a:String){mlflowSearchRuns(input:{experimentIds:[";
  for (int i = 0; i < 20; ++i) query += "$a ";
  EXPECT_EQ(run(query + "]}){nextPageToken}}", "{\"a\":\"" + std::string(1'000'000, 'a') + "\"}"),
            R"({"data":{"mlflowSearchRuns":null},"errors":["A list of the GraphQL query has more)"
            R"( than 16777216 bytes."]})");
}

TEST(GraphqlExecution, EqualFieldsHaveEqualArguments) {
  const auto fields = [](const std::string& one, const std::string& other) {
    return run("{mlflowSearchRuns(input:" + one +
               "){nextPageToken} mlflowSearchRuns(input:" + other + "){nextPageToken}}");
  };
  const std::string answer = R"({"data":{"mlflowSearchRuns":{"nextPageToken":""}},"errors":null})";
  EXPECT_EQ(fields(R"({filter:"a" orderBy:["b"]})", R"({orderBy:["b"] filter:"a"})"), answer);
  for (const std::string other : {R"({filter:"a" orderBy:"b"})", R"({filter:"a" orderBy:["c"]})",
                                  R"({filter:"a"})", R"({filter:"a" orderBy:["b" "b"]})"}) {
    EXPECT_NE(fields(R"({filter:"a" orderBy:["b"]})", other), answer) << other;
  }
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
        std::string("{a(b:\"\\uD800\\u0041\")}"), std::string("{a(b:\"\\uDC00\\uD800\")}"),
        "#" + std::string(std::size_t{1} << 20U, 'a') + "\n{__typename}",
        "{a(b:" + std::string(100'000, '[') + ")}", std::string(100'000, '{')}) {
    EXPECT_THROW(run(query), Error) << query.substr(0, 30);
  }
}

}  // namespace
}  // namespace millrace::graphql::execution_test
