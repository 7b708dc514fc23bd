#include "api/rules/host_policy.h"

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <set>

#include "store/common/error.h"
#include "store/text/python_text.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

// A scheme that connects to the host in the URI. Schemes of one family reach the same service; a
// URI without a port means `default_ports`, of which mlflow-artifacts has two, because it follows
// the client's own http or https. hdfs has none: its port is in a configuration that is not ours to
// read.
struct HostScheme {
  std::string_view name;
  std::string_view family;
  std::array<int, 2> default_ports;
};
constexpr int kUnknownPort = -1;
constexpr std::array<HostScheme, 10> kHostSchemes{{
    {"ftp", "ftp", {21, 21}},
    {"sftp", "sftp", {22, 22}},
    {"hdfs", "hdfs", {kUnknownPort, kUnknownPort}},
    {"viewfs", "hdfs", {kUnknownPort, kUnknownPort}},
    {"http", "http", {80, 80}},
    {"https", "http", {443, 443}},
    {"mlflow-artifacts", "http", {80, 443}},
    {"r2", "r2", {443, 443}},
    {"b2", "b2", {443, 443}},
    {"abfss", "abfss", {443, 443}},
}};

struct HostTarget {
  std::string_view family;
  std::string host;
  int port;
  auto operator<=>(const HostTarget&) const = default;
};
using HostTargets = std::set<HostTarget>;

// int(text) within the range of ports.
std::optional<int> parse_port(std::string_view text) {
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto number = python::parse_int(text);
  if (!number || !number->fits || number->value > 65535) return std::nullopt;
  return static_cast<int>(number->value);
}

bool has_space(std::string_view text) {
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t begin = position;
    python::next_code_point(text, position);
    if (python::strip(text.substr(begin, position - begin)).empty()) return true;
  }
  return false;
}

const HostScheme* find_host_scheme(std::string_view scheme) {
  const auto found = std::find_if(kHostSchemes.begin(), kHostSchemes.end(),
                                  [&](const HostScheme& row) { return row.name == scheme; });
  return found == kHostSchemes.end() ? nullptr : &*found;
}

// host_addressed_uri_targets: nothing when the URI selects no host, no element when it is malformed
// and so can never be trusted.
std::optional<HostTargets> targets_of(const UriParts& uri) {
  const HostScheme* scheme = find_host_scheme(uri.scheme);
  if (scheme == nullptr) return std::nullopt;
  if (scheme->name == "mlflow-artifacts" && uri.netloc.empty()) return std::nullopt;
  HostTargets targets;
  if (uri.netloc.find('\\') != std::string::npos || has_space(uri.netloc)) return targets;
  const std::string host = python::lower(uri.host());
  if (!uri.port().empty()) {
    if (const auto port = parse_port(uri.port())) targets.insert({scheme->family, host, *port});
    return targets;
  }
  for (const int port : scheme->default_ports) targets.insert({scheme->family, host, port});
  return targets;
}

bool is_trusted(const HostTargets& targets, const HostPolicy& policy) {
  return std::any_of(policy.trusted_uris.begin(), policy.trusted_uris.end(), [&](const auto& uri) {
    const auto trusted = targets_of(split_uri(uri));
    return trusted && std::any_of(targets.begin(), targets.end(),
                                  [&](const HostTarget& t) { return trusted->contains(t); });
  });
}

// What get_uri_scheme refuses on its way: a scheme that starts like a database's but is none.
void validate_database_scheme(std::string_view uri, std::string_view scheme) {
  static constexpr std::array<std::string_view, 4> kEngines{"postgresql", "mysql", "sqlite",
                                                            "mssql"};
  if (std::none_of(kEngines.begin(), kEngines.end(),
                   [&](std::string_view engine) { return scheme.starts_with(engine); })) {
    return;
  }
  if (std::count(scheme.begin(), scheme.end(), '+') > 1) {
    throw_invalid_parameter("Invalid database URI: '" + std::string(uri) +
                            "'. Please refer to https://mlflow.org/docs/latest/tracking.html"
                            "#storage for format specifications.");
  }
  const std::string_view engine = scheme.substr(0, scheme.find('+'));
  if (std::find(kEngines.begin(), kEngines.end(), engine) != kEngines.end()) return;
  throw_invalid_parameter("Invalid database engine: '" + std::string(engine) +
                          "'. Supported database engines are postgresql, mysql, sqlite, mssql");
}

}  // namespace

void validate_uri_host(std::string_view uri, std::string_view field, const HostPolicy& policy) {
  const UriParts parts = split_uri(uri);
  validate_database_scheme(uri, parts.scheme);
  const auto targets = targets_of(parts);
  if (!targets) return;
  if (std::find(policy.allowed_schemes.begin(), policy.allowed_schemes.end(), parts.scheme) !=
      policy.allowed_schemes.end()) {
    return;
  }
  if (is_trusted(*targets, policy)) return;
  const std::string scheme = "'" + parts.scheme + "' scheme";
  throw_invalid_parameter(
      "'" + std::string(field) + "' cannot use the " + scheme + ": the " + scheme +
      " addresses a host other than the tracking server's configured artifact storage, so the "
      "server would connect to the host named in the URI. Set the "
      "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the server to allow "
      "it.");
}

}  // namespace millrace
