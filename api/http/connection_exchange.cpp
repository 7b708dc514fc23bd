#include "api/http/connection_exchange.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace millrace {

HttpResponse internal_error() {
  return text_reply(500, "text/plain; charset=utf-8", "Internal Server Error");
}

HttpResponse invalid_request() {
  return text_reply(400, "text/plain; charset=utf-8", "Invalid HTTP request received.");
}

namespace {

bool can_be_sent(const Headers& headers) {
  auto has_control = [](const std::string& text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
    });
  };
  return std::none_of(headers.begin(), headers.end(), [&](const auto& header) {
    return header.first.empty() || has_control(header.first) || has_control(header.second);
  });
}

void drop_header(Headers& headers, std::string_view name) {
  std::erase_if(headers,
                [name](const auto& header) { return header_name_equals(header.first, name); });
}

// The current time as an HTTP date, made once a second.
const std::string& date_of_now() {
  thread_local std::time_t made_at = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != made_at) {
    text = http_date(now);
    made_at = now;
  }
  return text;
}

std::string one_chunk(const std::string& body) {
  std::array<char, 24> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", body.size());
  return body.empty() ? "0\r\n\r\n" : size.data() + body + "\r\n0\r\n\r\n";
}

}  // namespace

Exchange::Exchange(ConnectionSocket& socket, ConnectionContext& context, MemoryBudget::Share& share,
                   RequestHead head, const std::string& peer)
    : socket_(socket),
      context_(context),
      http11_(head.http11),
      keep_(head.keep_alive),
      body_(socket, share, head),
      request_{std::move(head.method),
               std::move(head.target),
               std::move(head.headers),
               peer,
               &body_,
               [&socket] { return socket.peer_has_closed(); },
               context.tls != nullptr} {}

void Exchange::complete(HttpResponse reply) {
  response_ = std::move(reply);
  HttpResponse& response = response_;
  if (body_.state() == ConnectionBody::State::Malformed) response = invalid_request();
  if (!can_be_sent(response.headers)) response = internal_error();
  if (context_.stop.requested() || !body_.can_skip(context_.limits.skipped_bytes)) keep_ = false;

  Headers& headers = response.headers;
  const bool is_head = request_.method == "HEAD";
  const bool bodiless = response.status == 204 || response.status == 304;
  const std::string* coding = find_header(headers, "transfer-encoding");
  if (coding != nullptr && !http11_) {
    drop_header(headers, "transfer-encoding");
    coding = nullptr;
  }
  if (coding != nullptr) {
    if (!bodiless && !is_head) response.body = one_chunk(response.body);
  } else if (!is_head && response.status != 304) {
    drop_header(headers, "content-length");
  }
  if (coding == nullptr && !bodiless && find_header(headers, "content-length") == nullptr) {
    std::uint64_t size = response.source ? response.source->size() : response.body.size();
    headers.emplace_back("content-length", std::to_string(size));
  }
  if (bodiless || is_head) {
    response.body.clear();
    response.source.reset();
  }
  if (response.source) file_.emplace(context_.descriptors);
  headers.emplace_back("date", date_of_now());
  if (find_header(headers, "connection") != nullptr) keep_ = false;
  drop_header(headers, "connection");
  if (!keep_) headers.emplace_back("connection", "close");
}

}  // namespace millrace
