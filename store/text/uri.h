// URIs as MLflow reads them, which is with Python's urllib.parse. Pure text: no file or host is
// looked at. A text that Python refuses to parse (MLflow answers with an HTML 500) throws
// INVALID_PARAMETER_VALUE.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// urllib.parse.urlsplit. Leading control characters and blanks are dropped, tabs, CR and LF are
// dropped everywhere.
struct UriParts {
  std::string scheme;    // lower case; empty when there is none
  std::string netloc;    // as written, between "//" and the path
  std::string path;      // with the ";params" of its last segment
  std::string query;     // without "?"
  std::string fragment;  // without "#"

  // The path of urlparse, which cuts ";params" off for some schemes.
  std::string_view path_without_params() const;
  // Host and port of netloc as written; empty when absent. Python's hostname is this in lower case.
  std::string_view host() const;
  std::string_view port() const;
};

enum class Fragment { Split, PartOfPath };

UriParts split_uri(std::string_view uri, Fragment fragment = Fragment::Split);

// urllib.parse.urlunparse of what urlparse makes of `uri`: empty queries, fragments and params lose
// their mark, the scheme is in lower case, tabs, CR and LF are gone.
std::string reassemble_uri(std::string_view uri);

// is_local_uri: no scheme, or file: on this machine. Throws INTERNAL_ERROR with MLflow's text for
// file: on another host.
bool is_local_uri(std::string_view uri);

// local_file_uri_to_path, for a URI that is_local_uri accepts: the path, percent-decoded once.
std::string local_path(std::string_view uri);

// The scheme of a URI in lower case, "" when it has none. Unlike split_uri it takes any text as it
// is.
std::string uri_scheme(std::string_view uri);

}  // namespace millrace
