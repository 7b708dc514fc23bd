#include "api/connection.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include "api/http_head.h"

namespace millrace {

HttpResponse internal_error() {
  return {500, {{"content-type", "text/plain; charset=utf-8"}}, "Internal Server Error"};
}

namespace {

using Clock = std::chrono::steady_clock;

// The reply of uvicorn to a request that it cannot parse.
HttpResponse invalid_request() {
  return {400, {{"content-type", "text/plain; charset=utf-8"}}, "Invalid HTTP request received."};
}

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
const std::string& http_date() {
  thread_local std::time_t made_at = 0;
  thread_local std::string text;
  std::time_t now = std::time(nullptr);
  if (now != made_at) {
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 40> buffer{};
    text.assign(buffer.data(),
                std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc));
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

Exchange::Exchange(ConnectionSocket& socket, const ConnectionContext& context, RequestHead head,
                   const std::string& peer)
    : socket_(socket),
      context_(context),
      http11_(head.http11),
      keep_(head.keep_alive),
      body_(socket, head),
      request_{std::move(head.method), std::move(head.target), std::move(head.headers), peer,
               &body_} {}

void Exchange::complete(HttpResponse reply) {
  response_ = std::move(reply);
  HttpResponse& response = response_;
  if (body_.state() == ConnectionBody::State::Malformed) response = invalid_request();
  if (!can_be_sent(response.headers)) response = internal_error();
  if (context_.stop.requested() || !body_.can_skip(context_.limits.skipped_bytes)) keep_ = false;

  Headers& headers = response.headers;
  bool bodiless = response.status == 204 || response.status == 304;
  const std::string* coding = find_header(headers, "transfer-encoding");
  if (coding != nullptr && !http11_) {
    drop_header(headers, "transfer-encoding");
    coding = nullptr;
  }
  if (coding != nullptr) {
    if (!bodiless && !is_head()) response.body = one_chunk(response.body);
  } else if (!is_head() && response.status != 304) {
    drop_header(headers, "content-length");
  }
  if (coding == nullptr && !bodiless && find_header(headers, "content-length") == nullptr) {
    std::uint64_t size = response.source ? response.source->size() : response.body.size();
    headers.emplace_back("content-length", std::to_string(size));
  }
  if (bodiless) response.body.clear();
  if (bodiless || is_head()) response.source.reset();
  headers.emplace_back("date", http_date());
  if (find_header(headers, "connection") != nullptr) keep_ = false;
  drop_header(headers, "connection");
  if (!keep_) headers.emplace_back("connection", "close");
}

Connection::Connection(int fd, ConnectionContext& context)
    : context_(context),
      socket_(fd, context.limits, context.stop),
      peer_(socket_.peer()),
      deadline_(Clock::now() + context.limits.head) {
  ++context_.open;
}

Connection::~Connection() { --context_.open; }

Connection::Next Connection::serve(const std::function<bool()>& busy) {
  for (;;) {
    RequestHead head;
    switch (read_head(head, !busy())) {
      case HeadState::Complete:
        break;
      case HeadState::Incomplete:
        socket_.release_input();
        return context_.stop.requested() ? Next::Close : Next::Park;
      case HeadState::Refused:
        refuse();
        return Next::Close;
      case HeadState::Closed:
        return Next::Close;
    }
    Exchange exchange(socket_, context_, std::move(head), peer_);
    context_.respond(exchange);
    if (!exchange.skip_body()) {
      if (exchange.has_unread() && !exchange.client_gone()) socket_.drain();
      return Next::Close;
    }
    deadline_ = Clock::now() + (between_requests() ? context_.limits.idle : context_.limits.head);
    if (busy() && !between_requests()) return Next::Requeue;
  }
}

Connection::HeadState Connection::read_head(RequestHead& head, bool linger) {
  for (;;) {
    std::string_view input = socket_.input();
    if (!input.empty()) {
      if (is_hopeless_head(input)) return HeadState::Refused;
      std::size_t end = find_head_end(input, searched_);
      if (std::min(end, input.size()) > context_.limits.head_bytes) return HeadState::Refused;
      if (end != std::string_view::npos) {
        searched_ = 0;
        std::optional<RequestHead> parsed =
            parse_head(input.substr(0, end), context_.limits.headers);
        socket_.consume(end);
        if (!parsed) return HeadState::Refused;
        head = std::move(*parsed);
        return HeadState::Complete;
      }
      if (Clock::now() > deadline_) return HeadState::Closed;
    }
    switch (socket_.fill(linger)) {
      case ConnectionSocket::Filled::Bytes:
        if (input.empty()) deadline_ = Clock::now() + context_.limits.head;
        break;
      case ConnectionSocket::Filled::Nothing:
        return HeadState::Incomplete;
      case ConnectionSocket::Filled::End:
        return HeadState::Closed;
    }
  }
}

void Connection::refuse() {
  HttpResponse reply = invalid_request();
  std::string head = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: " +
                     std::to_string(reply.body.size()) + "\r\n";
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  if (socket_.send(head + "\r\n", reply.body)) socket_.drain();
}

}  // namespace millrace
