#include "api/http/exchange.h"

#include <time.h>

#include <algorithm>
#include <array>

namespace millrace {

namespace {

char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

struct ReasonPhrase {
  int status;
  std::string_view words;
};
constexpr auto kReasonPhrases = std::to_array<ReasonPhrase>({
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Request Entity Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Requested Range Not Satisfiable"},
    {422, "Unprocessable Entity"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {507, "Insufficient Storage"},
});

}  // namespace

bool header_name_equals(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

std::string http_date(std::int64_t seconds) {
  const time_t time = seconds;
  tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 40> text{};
  return {text.data(), strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (header_name_equals(key, name)) return &value;
  }
  return nullptr;
}

std::string joined_headers(const Headers& headers, std::string_view name) {
  std::string joined;
  bool first = true;
  for (const auto& [key, value] : headers) {
    if (!header_name_equals(key, name)) continue;
    if (!first) joined += ',';
    joined += value;
    first = false;
  }
  return joined;
}

const std::string* HttpRequest::header(std::string_view name) const {
  return find_header(headers, name);
}

std::string_view reason_phrase(int status) {
  auto row = std::find_if(kReasonPhrases.begin(), kReasonPhrases.end(),
                          [status](const ReasonPhrase& phrase) { return phrase.status == status; });
  return row == kReasonPhrases.end() ? std::string_view() : row->words;
}

HttpResponse text_reply(int status, std::string_view content_type, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.emplace_back("content-type", content_type);
  response.body = std::move(body);
  return response;
}

}  // namespace millrace
