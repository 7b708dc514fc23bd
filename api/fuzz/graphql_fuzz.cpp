// Any query is parsed or refused, and what is parsed is limited, validated and run without a crash.
#include <cstdint>
#include <string>

#include "api/graphql/execution.h"
#include "store/common/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace;
  const std::string query(reinterpret_cast<const char*>(data), size);
  const auto resolver = [](const std::string&, const std::string&, const Json& argument) -> Json {
    return argument.is_object() ? argument : Json::object();
  };
  try {
    const Json variables{{"a", "x"}, {"b", {{"runId", "r"}}}};
    std::string answer;
    graphql::execute({query, variables, std::nullopt}, {}, resolver, answer, [] {});
  } catch (const Error&) {
  }
  return 0;
}
