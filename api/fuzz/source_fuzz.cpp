// The source-URI check on hostile input. The first byte chooses the owner, the rest is the source.
// Whatever is accepted must keep what the check promises.
#include <cstddef>
#include <cstdint>
#include <string>

#include "api/rules/memory_lookup.h"
#include "api/rules/model_version_source.h"
#include "artifacts/real_path.h"
#include "store/common/error.h"
#include "store/fuzz/fuzzing.h"
#include "store/text/percent_decoding.h"
#include "store/text/uri.h"

namespace {

using namespace millrace;
using fuzzing::require;

constexpr const char* kRoot = "/millrace/run/artifacts";

MemoryLookup make_stores() {
  MemoryLookup stores;
  stores.runs["local"] = {kRoot, "active"};
  stores.runs["proxied"] = {"mlflow-artifacts:/1/r/artifacts", "active"};
  stores.logged_models["m-1"] = {"mlflow-artifacts:/1/models/m-1", "local"};
  ModelVersion version;
  version.version = 1;
  version.current_stage = "None";
  version.source = "s3://b/x";
  stores.models["m"].versions = {version};
  stores.models["m"].aliases["a"] = 1;
  return stores;
}

// An accepted local source lies in the run's folder; another one nowhere leads upward.
void check_promises(const SourceRequest& request, const AcceptedSource& accepted) {
  if (is_local_uri(accepted.source)) {
    require(request.run_id == "local");
    require(is_within(resolve_path(local_path(accepted.source)).value(), kRoot));
    return;
  }
  const UriParts parts = split_uri(unquote_fully(accepted.source, Plus::IsSpace));
  const std::string path(parts.path_without_params());
  require(path.starts_with('/') && (path + "/").find("/../") == std::string::npos);
  require(path.find('\0') == std::string::npos);
  require(parts.scheme != "http" && parts.scheme != "ftp");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static MemoryLookup stores = make_stores();
  static const SourceRules rules({}, "");
  if (size < 2) return 0;
  SourceRequest request{"target", std::string(data + 1, data + size), std::nullopt, "", {}};
  switch (data[0] % 5) {
    case 1:
      request.run_id = "local";
      break;
    case 2:
      request.run_id = "proxied";
      break;
    case 3:
      request.model_id = "m-1";
      break;
    case 4:
      request.run_id = "";
      break;
    default:
      break;
  }
  try {
    check_promises(request, rules.check(request, stores));
  } catch (const Error&) {
    // Refused, which is what most inputs deserve.
  }
  return 0;
}
