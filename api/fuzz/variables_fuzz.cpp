// Takes any bytes as the variables of a GraphQL request, as JSON: each is brought to its type or
// refused, and the answer is JSON.
#include <cstdint>
#include <string>

#include "api/graphql/execution.h"
#include "api/json/reader.h"
#include "store/common/error.h"
#include "store/fuzz/fuzzing.h"

namespace {

constexpr const char* kQuery = R"(
query($s: String! = "s", $ids: [String!], $n: Int = 1, $l: LongString, $view: MlflowViewType = ALL,
      $runs: MlflowSearchRunsInput, $history: MlflowGetMetricHistoryBulkIntervalInput!) {
  test(inputString: $s) { output }
  a: mlflowSearchRuns(input: $runs) { nextPageToken }
  b: mlflowSearchRuns(input: {experimentIds: $ids, maxResults: $n, runViewType: $view}) {
    nextPageToken
  }
  mlflowSearchModelVersions(input: {maxResults: $l, orderBy: $ids}) { nextPageToken }
  mlflowGetMetricHistoryBulkInterval(input: $history) { metrics { value } }
})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace;
  const auto resolver = [](const std::string&, const std::string&, const Json& argument) -> Json {
    return argument.is_object() ? argument : Json::object();
  };
  try {
    const auto variables = parse_json(fuzzing::text_of(data, size));
    if (!variables || !variables->is_object()) return 0;
    std::string answer;
    graphql::execute({kQuery, *variables, std::nullopt}, {}, resolver, answer, [] {});
    const auto parsed = parse_json(answer);
    fuzzing::require(parsed && parsed->is_object() && parsed->size() == 2);
    fuzzing::require((*parsed)["errors"].size() <= 100);
  } catch (const Error&) {
  }
  return 0;
}
