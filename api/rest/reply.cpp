#include "api/rest/reply.h"

#include <random>

#include "api/json/writer.h"
#include "store/text/percent_decoding.h"

namespace millrace {
namespace {

constexpr std::string_view kJson = "application/json";

std::string html_page(std::string_view title, std::string_view heading,
                      std::string_view paragraph) {
  std::string page = "<!doctype html>\n<html lang=en>\n<title>";
  page.append(title)
      .append("</title>\n<h1>")
      .append(heading)
      .append("</h1>\n<p>")
      .append(paragraph);
  return page;
}

// werkzeug's iri_to_uri for an absolute URL without fragment: what stands behind the host is
// encoded.
std::string encode_iri(std::string_view url) {
  static constexpr std::string_view kKept = "%!$&'()*+,/:;=?@-._~";
  const std::size_t path = url.find('/', url.find("://") + 3);
  const std::string encoded(url.substr(0, path));
  return path == std::string_view::npos ? encoded : encoded + quote(url.substr(path), kKept);
}

// Spread, so that those who were sent away together do not come back together. MLflow's clients try
// seven times: together they last longer than most loads.
int seconds_to_come_again() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_int_distribution<int>(3, 8)(random);
}

}  // namespace

HttpResponse json_reply(std::string body) {
  HttpResponse response;
  response.headers.emplace_back("content-type", kJson);
  response.body = std::move(body);
  return response;
}

HttpResponse error_reply(const Error& error, ErrorForm form) {
  const ErrorRow& row = error_row(error.code());
  std::string body;
  JsonWriter writer(body, form == ErrorForm::Spaced ? Layout::Spaced : Layout::Utf8);
  writer.begin_object();
  writer.key("error_code").string(row.wire_name);
  writer.key("message").string(error.message());
  if (!row.sqlstate.empty()) {
    writer.key("sqlstate").string(row.sqlstate);
    writer.key("error_class").string(row.error_class);
  }
  writer.end_object();
  HttpResponse response = json_reply(std::move(body));
  response.status = row.http_status;
  if (error.code() == ErrorCode::Overloaded) {
    response.headers.emplace_back("retry-after", std::to_string(seconds_to_come_again()));
  }
  return response;
}

HttpResponse html_error_reply(int status) {
  std::string_view text = "The method is not allowed for the requested URL.</p>\n";
  if (status == 400) {
    text = "The browser (or proxy) sent a request that this server could not understand.</p>\n";
  } else if (status == 404) {
    text =
        "The requested URL was not found on the server. If you entered the URL manually please "
        "check your spelling and try again.</p>\n";
  } else if (status == 416) {
    text = "The server cannot provide the requested range.</p>\n";
  }
  const std::string_view name = reason_phrase(status);
  return text_reply(status, kHtml,
                    html_page(std::to_string(status) + " " + std::string(name), name, text));
}

HttpResponse not_found_reply() {
  HttpResponse response = json_reply(R"({"detail":"Not Found"})");
  response.status = 404;
  return response;
}

HttpResponse redirect_reply(const std::string& location) {
  const std::string escaped = escape_html(location);
  HttpResponse response =
      text_reply(308, kHtml,
                 html_page("Redirecting...", "Redirecting...",
                           "You should be redirected automatically to the target URL: <a href=\"" +
                               escaped + "\">" + escaped + "</a>. If not, click the link.\n"));
  response.headers.emplace_back("location", encode_iri(location));
  return response;
}

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&#34;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace millrace
