#include "store/text/uri.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "store/common/error.h"
#include "store/text/ascii.h"
#include "store/text/percent_decoding.h"

namespace millrace {
namespace {

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_scheme_character(char c) {
  return is_alpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

[[noreturn]] void refuse(std::string_view uri) {
  throw_invalid_parameter("Invalid URI: '" + std::string(uri) + "'.");
}

// What urlsplit does before it looks at the text.
std::string without_control_characters(std::string_view uri) {
  while (!uri.empty() && static_cast<unsigned char>(uri.front()) <= ' ') uri.remove_prefix(1);
  std::string kept(uri);
  std::erase_if(kept, [](char c) { return c == '\t' || c == '\r' || c == '\n'; });
  return kept;
}

// _check_bracketed_host: an IPv6 address with an optional zone, or the future form "v1.x".
bool is_bracketed_host(std::string_view host) {
  if (host.starts_with('v')) {
    const std::size_t dot = host.find('.');
    return dot != std::string_view::npos && dot > 1 && dot + 1 < host.size() &&
           host.substr(1, dot - 1).find_first_not_of("0123456789abcdefABCDEF") ==
               std::string_view::npos;
  }
  const std::size_t percent = host.find('%');
  if (percent != std::string_view::npos) {
    const std::string_view zone = host.substr(percent + 1);
    if (zone.empty() || zone.find('%') != std::string_view::npos) return false;
  }
  const std::string address(host.substr(0, percent));
  in6_addr binary{};
  return address.find('\0') == std::string::npos &&
         inet_pton(AF_INET6, address.c_str(), &binary) == 1;
}

std::string_view host_and_port_of(std::string_view netloc) {
  const std::size_t at = netloc.rfind('@');
  return at == std::string_view::npos ? netloc : netloc.substr(at + 1);
}

// _check_bracketed_netloc, and the rule before it that brackets come in pairs.
bool has_good_brackets(std::string_view netloc) {
  const bool open = netloc.find('[') != std::string_view::npos;
  const bool close = netloc.find(']') != std::string_view::npos;
  if (!open && !close) return true;
  if (open != close) return false;
  const std::string_view host_and_port = host_and_port_of(netloc);
  const std::size_t bracket = host_and_port.find('[');
  if (bracket == std::string_view::npos) {
    return is_bracketed_host(host_and_port.substr(0, host_and_port.find(':')));
  }
  if (bracket != 0) return false;
  const std::size_t end = host_and_port.find(']');
  if (end != std::string_view::npos && end + 1 < host_and_port.size() &&
      host_and_port[end + 1] != ':') {
    return false;
  }
  return is_bracketed_host(host_and_port.substr(1, end == std::string_view::npos ? end : end - 1));
}

// _checknetloc: no character that NFKC turns into one of "/?#@:". These are all that do.
bool has_delimiter_in_disguise(std::string_view netloc) {
  static constexpr std::array<std::string_view, 19> kDisguises{
      "\u2047", "\u2048", "\u2049", "\u2100", "\u2101", "\u2105", "\u2106",
      "\u2A74", "\uFE13", "\uFE16", "\uFE55", "\uFE56", "\uFE5F", "\uFE6B",
      "\uFF03", "\uFF0F", "\uFF1A", "\uFF1F", "\uFF20"};
  return std::any_of(kDisguises.begin(), kDisguises.end(), [&](std::string_view disguise) {
    return netloc.find(disguise) != std::string_view::npos;
  });
}

// Cuts `text` at the first `delimiter` and returns what follows it.
std::string cut(std::string& text, char delimiter) {
  const std::size_t position = text.find(delimiter);
  if (position == std::string::npos) return {};
  std::string rest = text.substr(position + 1);
  text.resize(position);
  return rest;
}

}  // namespace

UriParts split_uri(std::string_view uri, Fragment fragment) {
  UriParts parts;
  std::string rest = without_control_characters(uri);
  const std::size_t colon = rest.find(':');
  if (colon != std::string::npos && colon > 0 && is_alpha(rest[0]) &&
      std::all_of(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(colon),
                  is_scheme_character)) {
    parts.scheme = ascii_lower(std::string_view(rest).substr(0, colon));
    rest.erase(0, colon + 1);
  }
  if (rest.starts_with("//")) {
    const std::size_t end = std::min(rest.find_first_of("/?#", 2), rest.size());
    parts.netloc = rest.substr(2, end - 2);
    rest.erase(0, end);
    if (!has_good_brackets(parts.netloc) || has_delimiter_in_disguise(parts.netloc)) refuse(uri);
  }
  if (fragment == Fragment::Split) parts.fragment = cut(rest, '#');
  parts.query = cut(rest, '?');
  parts.path = std::move(rest);
  return parts;
}

std::string_view UriParts::path_without_params() const {
  static constexpr std::array<std::string_view, 15> kSchemesWithParams{
      "",     "ftp",   "hdl", "prospero", "http", "imap", "https", "shttp",
      "rtsp", "rtspu", "sip", "sips",     "mms",  "sftp", "tel"};
  if (std::find(kSchemesWithParams.begin(), kSchemesWithParams.end(), scheme) ==
      kSchemesWithParams.end()) {
    return path;
  }
  const std::size_t slash = path.rfind('/');
  return std::string_view(path).substr(0, path.find(';', slash == std::string::npos ? 0 : slash));
}

std::string_view UriParts::host() const {
  const std::string_view text = host_and_port_of(netloc);
  const std::size_t bracket = text.find('[');
  if (bracket == std::string_view::npos) return text.substr(0, text.find(':'));
  const std::string_view bracketed = text.substr(bracket + 1);
  return bracketed.substr(0, bracketed.find(']'));
}

std::string_view UriParts::port() const {
  std::string_view text = host_and_port_of(netloc);
  const std::size_t bracket = text.find('[');
  if (bracket != std::string_view::npos) {
    const std::size_t end = text.find(']', bracket);
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  const std::size_t colon = text.find(':');
  return colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
}

std::string reassemble_uri(std::string_view uri) {
  static constexpr std::array<std::string_view, 24> kSchemesWithNetloc{
      "ftp", "http",    "gopher", "nntp",  "telnet",   "imap",    "wais",  "file",
      "mms", "https",   "shttp",  "snews", "prospero", "rtsp",    "rtspu", "rsync",
      "svn", "svn+ssh", "sftp",   "nfs",   "git",      "git+ssh", "ws",    "wss"};
  const UriParts parts = split_uri(uri);
  std::string text(parts.path_without_params());
  if (const std::string_view params = std::string_view(parts.path).substr(text.size());
      params.size() > 1) {
    text += params;
  }
  const bool has_netloc = std::find(kSchemesWithNetloc.begin(), kSchemesWithNetloc.end(),
                                    parts.scheme) != kSchemesWithNetloc.end();
  if (!parts.netloc.empty() || (has_netloc && !text.starts_with("//"))) {
    if (!text.empty() && text.front() != '/') text.insert(0, 1, '/');
    text.insert(0, "//" + parts.netloc);
  }
  if (!parts.scheme.empty()) text.insert(0, parts.scheme + ":");
  if (!parts.query.empty()) text += "?" + parts.query;
  if (!parts.fragment.empty()) text += "#" + parts.fragment;
  return text;
}

bool is_local_uri(std::string_view uri) {
  if (uri == "databricks") return false;
  const UriParts parts = split_uri(uri);
  if (parts.scheme.empty()) return true;
  if (parts.scheme != "file") return false;
  const std::string host = ascii_lower(parts.host());
  if (host.empty() || host == "." || host.starts_with("localhost") ||
      host.starts_with("127.0.0.1")) {
    return true;
  }
  throw Error(ErrorCode::InternalError,
              std::string(uri) +
                  " is not a valid remote uri. For remote access on windows, please consider using "
                  "a different scheme such as SMB (e.g. smb://<hostname>/<path>).");
}

// Only the spelling "file:" is taken off: for MLflow "FILE:/a" is local too, but a relative path.
std::string local_path(std::string_view uri) {
  if (!uri.starts_with("file:")) return unquote(uri);
  return unquote(split_uri(uri).path);
}

std::string uri_scheme(std::string_view uri) {
  std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0) return "";
  std::string scheme(uri.substr(0, colon));
  if (!std::isalpha(static_cast<unsigned char>(scheme[0]))) return "";
  if (!std::all_of(scheme.begin(), scheme.end(), is_scheme_character)) return "";
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return scheme;
}

}  // namespace millrace
