// Which artifact URIs would make a server connect to a host of the client's choosing, and which of
// them are allowed (mlflow/store/artifact/host_policy.py).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

struct HostPolicy {
  std::vector<std::string> allowed_schemes;  // in lower case
  // The server's own default artifact root and artifacts destination: their hosts are trusted.
  std::vector<std::string> trusted_uris;
};

// Throws INVALID_PARAMETER_VALUE, naming the request's `field`, when the scheme of `uri` makes
// MLflow connect to the host in it (ftp, hdfs, http, ...) and neither the scheme is allowed nor the
// host trusted; also for a scheme that looks like an unknown database, and for what is no URI.
void validate_uri_host(std::string_view uri, std::string_view field, const HostPolicy& policy);

}  // namespace millrace
