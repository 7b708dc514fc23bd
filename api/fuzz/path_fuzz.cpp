// Takes any bytes as the path of an artifact: what is accepted stays below the root, and nothing
// that is written or deleted has another name than the one that was sent.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "artifacts/location.h"
#include "artifacts/path_rules.h"
#include "store/common/error.h"
#include "store/fuzz/fuzzing.h"
#include "store/text/percent_decoding.h"
#include "store/text/posix_path.h"

namespace {

using namespace millrace;
using fuzzing::require;

void check_below_root(std::string_view path) {
  const std::string below = path_below_root(path);
  require(below.find('\0') == std::string::npos);
  for (std::string_view rest = below; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('/'));
    require(!name.empty() && name != "." && name != "..");
    require(name.size() + 1 != rest.size());  // no slash at the end
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
  require(below.empty() || normalize_path("/top/" + below) == "/top/" + below);
}

bool refuses(void (*check)(std::string_view), std::string_view path) {
  try {
    check(path);
  } catch (const Error&) {
    return true;
  }
  return false;
}

// Whatever has been decoded as often as it can be means the same ever after.
void check_names(std::string_view path, const std::string& checked) {
  require(refuses(require_own_name, path) == (unquote(path) != path));
  if (!checked.empty() && !refuses(require_storable_path, checked))
    require(!path_below_root(checked).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view path = fuzzing::text_of(data, size);
  try {
    check_below_root(path);  // of a listing, which has no text before it
  } catch (const Error&) {
  }
  try {
    append_to_uri_path("mlflow-artifacts:/1/r/artifacts?x=1", path);
  } catch (const Error&) {
  }
  try {
    const std::string checked = checked_artifact_path(path);
    check_below_root(checked);
    check_names(path, checked);
  } catch (const Error& error) {
    require(!error.message().empty());
  }
  return 0;
}
