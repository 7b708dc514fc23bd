#include "api/http/connection.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <optional>

#include "api/http/head.h"

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

Exchange::Exchange(ConnectionSocket& socket, const ConnectionContext& context, RequestHead head,
                   const std::string& peer)
    : socket_(socket),
      context_(context),
      http11_(head.http11),
      keep_(head.keep_alive),
      body_(socket, head),
      request_{std::move(head.method),
               std::move(head.target),
               std::move(head.headers),
               peer,
               &body_,
               [&socket] { return socket.peer_has_closed(); }} {}

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
  headers.emplace_back("date", date_of_now());
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

Connection::~Connection() {
  hold(0);
  --context_.open;
}

Connection::Next Connection::serve(const std::function<bool()>& busy) {
  for (;;) {
    switch (read_request(busy)) {
      case Arrival::Complete:
        break;
      case Arrival::Incomplete:
        socket_.release_input();
        return context_.stop.requested() && between_requests() ? Next::Close : Next::Park;
      case Arrival::Refused:
        refuse();
        return Next::Close;
      case Arrival::Closed:
        return Next::Close;
    }
    socket_.begin_exchange();
    Exchange exchange(socket_, context_, std::move(*head_), peer_);
    head_.reset();
    context_.respond(exchange);
    if (!exchange.skip_body()) {
      if (exchange.has_unread() && !exchange.client_gone()) socket_.drain();
      return Next::Close;
    }
    deadline_ = Clock::now() + (between_requests() ? context_.limits.idle : context_.limits.head);
    if (busy() && !between_requests()) return Next::Requeue;
  }
}

Connection::Arrival Connection::read_request(const std::function<bool()>& busy) {
  for (;;) {
    if (!head_ && !take_head()) return Arrival::Refused;
    if (head_ && body_arrived()) {
      hold(0);
      return Arrival::Complete;
    }
    bool fresh = between_requests();
    bool too_slow =
        !fresh && (Clock::now() > deadline_ || context_.stop.expired(context_.limits.stop_body));
    if (too_slow || !may_hold()) return Arrival::Closed;
    // Asked anew each time: a client that sends byte by byte must not keep a thread that others
    // wait for.
    switch (socket_.fill(!busy())) {
      case ConnectionSocket::Filled::Bytes:
        if (fresh) deadline_ = Clock::now() + context_.limits.head;
        if (head_) deadline_ = body_deadline();
        break;
      case ConnectionSocket::Filled::Nothing:
        return Arrival::Incomplete;
      case ConnectionSocket::Filled::End:
        return Arrival::Closed;
    }
  }
}

// Moves the head from the input to head_ when it is complete. False: refuse.
bool Connection::take_head() {
  std::string_view input = socket_.input();
  if (input.empty()) return true;
  if (is_hopeless_head(input)) return false;
  std::size_t end = find_head_end(input, searched_);
  if (std::min(end, input.size()) > context_.limits.head_bytes) return false;
  if (end == std::string_view::npos) return true;
  searched_ = 0;
  head_ = parse_head(input.substr(0, end), context_.limits.headers);
  socket_.consume(end);
  if (!head_) return false;
  head_size_ = end + head_->headers.size() * sizeof(Headers::value_type);
  if (head_->chunked) {
    chunks_ = {};
    scanned_ = 0;
  }
  if (!body_arrived()) {
    body_began_ = Clock::now();
    deadline_ = body_deadline();
  }
  return true;
}

// As ConnectionSocket times a body that is not awaited.
Clock::time_point Connection::body_deadline() const {
  const ConnectionLimits& limits = context_.limits;
  const std::chrono::milliseconds earned(socket_.input().size() * 1000 / limits.transfer_rate);
  return std::min(body_began_ + limits.transfer + earned, Clock::now() + limits.body);
}

// Also true for a body that is not awaited: a large one is read by the handler as it comes, and one
// that waits for `100 Continue` comes when the handler wants it.
bool Connection::body_arrived() {
  std::size_t limit = context_.limits.awaited_body_bytes;
  std::string_view input = socket_.input();
  if (head_->expects_continue) return true;
  if (!head_->chunked)
    return head_->content_length <= input.size() || head_->content_length > limit;
  std::array<char, 4096> ignored;
  while (scanned_ < input.size() && !chunks_.ended() && !chunks_.failed()) {
    scanned_ += chunks_.decode(input.substr(scanned_), ignored.data(), ignored.size()).consumed;
  }
  return chunks_.ended() || chunks_.failed() || scanned_ > limit;
}

// Counts what is held of the incomplete request; false when it is too much, here and in all.
bool Connection::may_hold() {
  if (!head_) head_size_ = 0;
  hold(head_size_ + socket_.input().size());
  std::size_t limit = context_.limits.held_bytes;
  return context_.held <= limit || held_ <= limit / context_.open;
}

void Connection::hold(std::size_t size) {
  if (size == held_) return;
  context_.held += size - held_;  // modulo: may be less than before
  held_ = size;
}

void Connection::refuse() {
  HttpResponse reply = invalid_request();
  std::string head = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: " +
                     std::to_string(reply.body.size()) + "\r\n";
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  if (socket_.send(head + "\r\n", reply.body)) socket_.drain();
}

}  // namespace millrace
