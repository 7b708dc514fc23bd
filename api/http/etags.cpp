#include "api/http/etags.h"

#include <time.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace millrace {
namespace {

struct Etags {
  bool any = false;  // *
  std::vector<std::string> strong;
  std::vector<std::string> weak;

  bool empty() const { return !any && strong.empty() && weak.empty(); }
  bool has_strong(std::string_view etag) const {
    return std::find(strong.begin(), strong.end(), etag) != strong.end();
  }
  bool has(std::string_view etag) const {
    return any || has_strong(etag) || std::find(weak.begin(), weak.end(), etag) != weak.end();
  }
};

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t", at), text.size());
}

struct EntityTag {
  bool weak = false;
  std::string text;
  std::size_t end = 0;  // behind the comma that follows it
};

// [W/]"tag" or [W/]tag, up to a comma or the end.
std::optional<EntityTag> tag_at(std::string_view text, std::size_t at) {
  EntityTag tag;
  at = skip_blanks(text, at);
  if (text.substr(at).starts_with("W/") || text.substr(at).starts_with("w/")) {
    tag.weak = true;
    at += 2;
  }
  const bool quoted = text.substr(at).starts_with('"');
  if (quoted) ++at;
  const std::size_t end = std::min(text.find_first_of(quoted ? "\"" : "\" \t,", at), text.size());
  if (quoted ? end == text.size() : end == at) return std::nullopt;
  tag.text = text.substr(at, end - at);
  at = skip_blanks(text, quoted ? end + 1 : end);
  if (at < text.size() && text[at] != ',') return std::nullopt;
  tag.end = std::min(at + 1, text.size());
  return tag;
}

Etags parse_etags(const std::string* header) {
  Etags etags;
  if (header == nullptr) return etags;
  const std::string_view text = *header;
  if (text == "*") {
    etags.any = true;
    return etags;
  }
  for (std::size_t at = 0; at < text.size();) {
    if (auto tag = tag_at(text, at)) {
      (tag->weak ? etags.weak : etags.strong).push_back(std::move(tag->text));
      at = tag->end;
    } else {
      const std::size_t comma = text.find(',', at);
      if (comma == std::string_view::npos) break;
      at = comma + 1;
    }
  }
  return etags;
}

// "", GMT, UTC or +0100, in seconds east of Greenwich.
std::optional<std::int64_t> parse_zone(std::string_view zone) {
  while (zone.starts_with(' ')) zone.remove_prefix(1);
  if (zone.empty() || zone == "GMT" || zone == "UTC") return 0;
  const bool signed_number = zone.size() == 5 && (zone[0] == '+' || zone[0] == '-') &&
                             zone.find_first_not_of("0123456789", 1) == std::string_view::npos;
  if (!signed_number) return std::nullopt;
  const auto pair = [&](std::size_t at) { return (zone[at] - '0') * 10 + zone[at + 1] - '0'; };
  return (zone[0] == '-' ? -1 : 1) * (pair(1) * 3600 + pair(3) * 60);
}

// The three forms of RFC 9110, and what email.utils.parsedate_to_datetime takes besides.
std::optional<std::int64_t> parse_http_date(const std::string* header) {
  if (header == nullptr) return std::nullopt;
  for (const char* form : {"%a, %d %b %Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%a, %d-%b-%y %H:%M:%S",
                           "%a %b %d %H:%M:%S %Y"}) {
    struct tm utc {};
    const char* end = strptime(header->c_str(), form, &utc);
    const auto zone = end == nullptr ? std::nullopt : parse_zone(end);
    if (!zone) continue;
    const int day = utc.tm_mday;
    const std::int64_t seconds = timegm(&utc);
    if (utc.tm_mday != day) return std::nullopt;  // such as the 31st of February
    return seconds - *zone;
  }
  return std::nullopt;
}

// What If-None-Match and If-Match make of it: `unmodified` is what a date has said so far.
bool tags_decide(const HttpRequest& http, std::string_view etag, bool unmodified) {
  if (const Etags none_match = parse_etags(http.header("if-none-match")); !none_match.empty())
    unmodified = none_match.has(etag);
  if (const Etags match = parse_etags(http.header("if-match")); !match.empty())
    unmodified = !match.has_strong(etag);
  return unmodified;
}

}  // namespace

bool is_unmodified(const HttpRequest& http, std::string_view etag, std::int64_t modified) {
  const auto since = parse_http_date(http.header("if-modified-since"));
  return tags_decide(http, etag, since && modified <= *since);
}

bool allows_range(const HttpRequest& http, std::string_view etag, std::int64_t modified) {
  const std::string* header = http.header("if-range");
  if (header == nullptr) return true;
  // The date counts as If-Modified-Since; the tags of the request count too.
  if (const auto since = parse_http_date(header))
    return tags_decide(http, etag, modified <= *since);
  std::string_view given = *header;
  if (given.starts_with("W/") || given.starts_with("w/")) given.remove_prefix(2);
  if (given.size() >= 2 && given.front() == '"' && given.back() == '"')
    given = given.substr(1, given.size() - 2);
  return given == etag;
}

bool has_if_match(const HttpRequest& http) { return !parse_etags(http.header("if-match")).empty(); }

}  // namespace millrace
