#include "api/http/head.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "store/text/ascii.h"

namespace millrace {

namespace {

constexpr std::size_t kLengthDigits = 20;
constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (char c : kTokenMarks) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kToken = make_token_table();

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Other control characters pass: they are found in cookies, and cannot be taken for a line end or a
// space.
bool is_value_char(char c) { return c != '\0' && c != '\r' && c != '\n' && c != '\v' && c != '\f'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Calls `each` with the trimmed members of a comma-separated list until it returns false.
template <typename Each>
bool for_each_member(std::string_view list, Each each) {
  for (;;) {
    std::size_t comma = list.find(',');
    if (!each(trim(list.substr(0, comma)))) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

bool has_member(std::string_view list, std::string_view wanted) {
  return !for_each_member(
      list, [wanted](std::string_view member) { return !header_name_equals(member, wanted); });
}

struct HeaderLine {
  std::string_view name;
  std::string_view value;
};

std::optional<HeaderLine> split_header_line(std::string_view line) {
  std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return std::nullopt;
  std::string_view value = trim(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_value_char)) return std::nullopt;
  return HeaderLine{line.substr(0, colon), value};
}

// "method SP target SP HTTP/d.d"; the target is printable ASCII. Any digit pair is a version, as in
// h11.
bool parse_request_line(std::string_view line, RequestHead& head, std::string_view& version) {
  std::size_t first = line.find(' ');
  if (first == std::string_view::npos) return false;
  std::size_t second = line.find(' ', first + 1);
  if (second == std::string_view::npos) return false;
  std::string_view method = line.substr(0, first);
  std::string_view target = line.substr(first + 1, second - first - 1);
  version = line.substr(second + 1);
  if (!is_token(method) || target.empty()) return false;
  if (!std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < '\x7f'; })) {
    return false;
  }
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_ascii_digit(version[5]) ||
      version[6] != '.' || !is_ascii_digit(version[7])) {
    return false;
  }
  version.remove_prefix(5);
  head.method = method;
  head.target = target;
  return true;
}

// What the header fields say that must agree between fields.
class Framing {
 public:
  // False when the field contradicts another one or is malformed. `keep` turns false for a repeated
  // length.
  bool add(HeaderLine& field, bool& keep) {
    if (header_name_equals(field.name, "host")) return ++hosts_ == 1;
    if (header_name_equals(field.name, "content-length")) return add_length(field, keep);
    if (header_name_equals(field.name, "transfer-encoding")) {
      if (chunked_ || !header_name_equals(field.value, "chunked")) return false;
      chunked_ = true;
    } else if (header_name_equals(field.name, "connection")) {
      close_ = close_ || has_member(field.value, "close");
    } else if (header_name_equals(field.name, "expect")) {
      continue_ = continue_ || has_member(field.value, "100-continue");
    }
    return true;
  }

  bool finish(std::string_view version, RequestHead& head) const {
    if (version == "1.1" && hosts_ == 0) return false;
    if (chunked_ && !length_.empty()) return false;
    head.chunked = chunked_;
    head.http11 = version >= "1.1";
    head.keep_alive = !close_ && head.http11;
    head.expects_continue = continue_ && head.http11;
    if (length_.empty()) return true;
    auto [end, error] =
        std::from_chars(length_.data(), length_.data() + length_.size(), head.content_length);
    return error == std::errc();
  }

 private:
  // "5, 5" is one length said twice. Lengths are compared as written: 5 and 05 differ.
  bool add_length(HeaderLine& field, bool& keep) {
    keep = length_.empty();
    bool agree = for_each_member(field.value, [this](std::string_view member) {
      if (member.empty() || member.size() > kLengthDigits) return false;
      if (!std::all_of(member.begin(), member.end(), is_ascii_digit)) return false;
      if (length_.empty()) length_ = member;
      return length_ == member;
    });
    field.value = length_;
    return agree;
  }

  int hosts_ = 0;
  std::string_view length_;
  bool chunked_ = false;
  bool close_ = false;
  bool continue_ = false;
};

// Takes the next line off `text`; false when it does not end with CRLF or holds another CR.
bool take_line(std::string_view& text, std::string_view& line) {
  std::size_t end = text.find('\n');
  if (end == std::string_view::npos || end == 0 || text[end - 1] != '\r') return false;
  line = text.substr(0, end - 1);
  text.remove_prefix(end + 1);
  return line.find('\r') == std::string_view::npos;
}

}  // namespace

std::size_t find_head_end(std::string_view buffer, std::size_t& searched) {
  // Any kind of blank line ends the search, so that bare LFs are refused at once rather than waited
  // out.
  for (std::size_t at = buffer.find('\n', searched); at != std::string_view::npos;
       at = buffer.find('\n', at + 1)) {
    std::size_t next = at + 1;
    if (next < buffer.size() && buffer[next] == '\r') ++next;
    if (next >= buffer.size()) {
      searched = at;
      return std::string_view::npos;
    }
    if (buffer[next] == '\n') return next + 1;
  }
  searched = buffer.size();
  return std::string_view::npos;
}

bool is_hopeless_head(std::string_view buffer) { return !buffer.empty() && buffer[0] <= ' '; }

std::optional<RequestHead> parse_head(std::string_view head, std::size_t max_headers) {
  RequestHead result;
  std::string_view line;
  std::string_view version;
  if (!take_line(head, line) || !parse_request_line(line, result, version)) return std::nullopt;
  Framing framing;
  result.headers.reserve(8);
  for (;;) {
    if (!take_line(head, line)) return std::nullopt;
    if (line.empty()) break;
    std::optional<HeaderLine> field = split_header_line(line);
    bool keep = true;
    if (!field || !framing.add(*field, keep)) return std::nullopt;
    if (!keep) continue;
    if (result.headers.size() == max_headers) return std::nullopt;
    result.headers.emplace_back(field->name, field->value);
  }
  if (!head.empty() || !framing.finish(version, result)) return std::nullopt;
  return result;
}

bool is_header_line(std::string_view line) { return split_header_line(line).has_value(); }

}  // namespace millrace
