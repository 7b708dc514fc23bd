// Any query is parsed or refused; what is parsed is limited, validated and run without a crash, and
// its answer is JSON.
#include <cstdint>
#include <string>

#include "api/graphql/execution.h"
#include "api/json/reader.h"
#include "store/common/error.h"
#include "store/fuzz/fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace;
  const std::string query(fuzzing::text_of(data, size));
  const auto resolver = [](const std::string&, const std::string&, const Json& argument) -> Json {
    return argument.is_object() ? argument : Json::object();
  };
  try {
    const Json variables{{"a", "x"}, {"b", {{"runId", "r"}}}};
    std::string answer;
    graphql::execute({query, variables, std::nullopt}, {}, resolver, answer, [] {});
    fuzzing::require(parse_json(answer).has_value());
  } catch (const Error&) {
  }
  return 0;
}
