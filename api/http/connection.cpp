#include "api/http/connection.h"

#include <algorithm>
#include <array>

#include "api/http/head.h"

namespace millrace {

namespace {

// Clients try again by themselves.
HttpResponse overloaded() {
  HttpResponse reply = text_reply(503, "text/plain; charset=utf-8",
                                  "The server has no room for this request beside those of "
                                  "others. Try again later.");
  reply.headers.emplace_back("retry-after", "5");
  return reply;
}

}  // namespace

Connection::Connection(Descriptor descriptor, ConnectionContext& context)
    : context_(context),
      socket_(std::move(descriptor), context.limits, context.stop, context.tls.get(),
              context.crowded),
      counted_(context.descriptors),
      peer_(socket_.peer()),
      share_(context.memory),
      since_(Clock::now()),
      deadline_(since_ + context.limits.head) {}

bool Connection::between_requests() const {
  return is_receiving() && !head_ && socket_.input().empty();
}

Connection::Next Connection::serve(const Desk& desk) {
  std::optional<Next> next;
  while (!next) {
    switch (stage_) {
      case Stage::Receiving:
        next = receive(desk);
        break;
      case Stage::Sending:
        next = send(desk);
        break;
      case Stage::Skipping:
        next = skip(desk);
        break;
      case Stage::Draining:
        next = drain(desk);
        break;
    }
  }
  if (*next == Next::Park) socket_.release_input();
  return *next;
}

bool Connection::is_overdue(Clock::time_point now) const {
  if (deadline_ <= now) return true;
  const ConnectionLimits& limits = context_.limits;
  if (stage_ == Stage::Skipping) return context_.stop.expired(limits.stop_body, moved_);
  if (!is_receiving()) return false;
  return between_requests() ? context_.stop.expired(limits.stop_idle, since_)
                            : context_.stop.expired(limits.stop_body, moved_);
}

std::pair<int, Connection::Clock::time_point> Connection::worth() const {
  switch (stage_) {
    case Stage::Receiving:
      return {between_requests() && kept_ ? 0 : 1, since_};
    case Stage::Skipping:
    case Stage::Draining:
      return {0, since_};
    case Stage::Sending:
      break;
  }
  return {2, since_};
}

std::optional<Connection::Next> Connection::receive(const Desk& desk) {
  switch (read_request(desk.busy)) {
    case Arrival::Complete:
      if (!desk.handles(*this)) return Next::Requeue;
      return handle();
    case Arrival::Incomplete:
      return Next::Park;
    case Arrival::Refused:
      refuse(invalid_request());
      return std::nullopt;
    case Arrival::TooMuch:
      turn_away();
      return std::nullopt;
    case Arrival::Closed:
      break;
  }
  return Next::Close;
}

Connection::Arrival Connection::read_request(const std::function<bool()>& busy) {
  for (;;) {
    if (!head_ && !take_head()) return Arrival::Refused;
    const bool may_handle = head_ && may_begin();
    const bool fits = may_keep();
    if (may_handle && (whole_ || fits)) return Arrival::Complete;
    const bool fresh = between_requests();
    if (!fresh && is_overdue(Clock::now())) return Arrival::Closed;
    if (!fits) return Arrival::TooMuch;
    // Asked anew each time: a client that sends byte by byte must not keep a thread that others
    // wait for.
    switch (socket_.fill(!busy())) {
      case ConnectionSocket::Filled::Bytes:
        note_bytes(fresh);
        break;
      case ConnectionSocket::Filled::Nothing:
        return Arrival::Incomplete;
      case ConnectionSocket::Filled::End:
        return Arrival::Closed;
    }
  }
}

// `fresh`: these are the first ones of a request.
void Connection::note_bytes(bool fresh) {
  moved_ = Clock::now();
  if (fresh && kept_) since_ = moved_;
  if (fresh) deadline_ = moved_ + context_.limits.head;
  if (head_) time_body();
}

void Connection::time_body() {
  const ConnectionLimits& limits = context_.limits;
  const std::chrono::milliseconds earned(socket_.input().size() * 1000 / limits.transfer_rate);
  deadline_ = std::min(body_began_ + limits.transfer + earned, moved_ + limits.body);
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
  chunks_ = {};
  scanned_ = 0;
  body_began_ = moved_ = Clock::now();
  time_body();
  return true;
}

// Whether the handler can do something with what is here: all of the body, the beginning of one
// that is not awaited, or no body where the client wants to hear first that it is welcome.
bool Connection::may_begin() {
  const std::size_t limit = context_.limits.awaited_body_bytes;
  const std::string_view input = socket_.input();
  whole_ = head_->expects_continue;
  if (whole_) return true;
  if (!head_->chunked) {
    whole_ = head_->content_length <= input.size();
    return whole_ || (head_->content_length > limit && !input.empty());
  }
  std::array<char, 4096> ignored;
  while (scanned_ < input.size() && !chunks_.ended() && !chunks_.failed()) {
    scanned_ += chunks_.decode(input.substr(scanned_), ignored.data(), ignored.size()).consumed;
  }
  whole_ = chunks_.ended() || chunks_.failed();
  return whole_ || scanned_ > limit;
}

// Counts what is kept of the incomplete request.
bool Connection::may_keep() {
  share_.set((head_ ? head_size_ : 0) + socket_.input().size());
  return share_.fits();
}

std::optional<Connection::Next> Connection::handle() {
  socket_.begin_exchange();
  share_.set(0);  // from here on the handler tells what it keeps
  // A client that waits for `100 Continue` may have its request handled twice.
  RequestHead head = head_->expects_continue ? *head_ : std::move(*head_);
  exchange_ = std::make_unique<Exchange>(socket_, context_, share_, std::move(head), peer_);
  context_.respond(*exchange_);
  if (exchange_->wants_continue()) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    exchange_.reset();
    if (socket_.send(kContinue) != kContinue.size()) return Next::Close;
    head_->expects_continue = false;
    body_began_ = moved_ = Clock::now();
    time_body();
    return std::nullopt;
  }
  head_.reset();
  if (exchange_->client_gone()) return Next::Close;
  reply_.emplace(std::move(exchange_->head()), std::move(exchange_->response()));
  begin(Stage::Sending, context_.limits.write);
  return std::nullopt;
}

void Connection::turn_away() { refuse(overloaded()); }

void Connection::refuse(HttpResponse reply) {
  std::string head =
      "HTTP/1.1 " + std::to_string(reply.status) + " " + std::string(reason_phrase(reply.status)) +
      "\r\nconnection: close\r\ncontent-length: " + std::to_string(reply.body.size()) + "\r\n";
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  head_.reset();
  reply_.emplace(head + "\r\n", std::move(reply));
  begin(Stage::Sending, context_.limits.write);
}

std::optional<Connection::Next> Connection::send(const Desk& desk) {
  switch (reply_->write(socket_, context_.limits, desk.busy)) {
    case ReplyWriter::Progress::Failed:
      return Next::Close;
    case ReplyWriter::Progress::Waiting:
      deadline_ = reply_->deadline(context_.limits);
      share_.set(reply_->kept());
      return share_.fits() ? Next::Park : Next::Close;
    case ReplyWriter::Progress::Done:
      break;
  }
  reply_.reset();
  share_.set(0);
  if (exchange_ && exchange_->keeps_connection()) {
    begin(Stage::Skipping, context_.limits.transfer);
    return std::nullopt;
  }
  if (exchange_ && !exchange_->has_unread()) return Next::Close;
  return end();
}

std::optional<Connection::Next> Connection::end() {
  socket_.end();
  begin(Stage::Draining, context_.limits.drain);
  return std::nullopt;
}

void Connection::begin(Stage stage, std::chrono::milliseconds limit) {
  stage_ = stage;
  since_ = moved_ = Clock::now();
  deadline_ = since_ + limit;
}

std::optional<Connection::Next> Connection::skip(const Desk& desk) {
  switch (exchange_->skip_body()) {
    case ConnectionBody::Skipped::Some:
      moved_ = Clock::now();
      return Clock::now() < deadline_ ? Next::Park : Next::Close;
    case ConnectionBody::Skipped::Failed:
      if (exchange_->client_gone()) return Next::Close;
      return end();
    case ConnectionBody::Skipped::All:
      break;
  }
  exchange_.reset();
  kept_ = true;
  begin(Stage::Receiving, socket_.input().empty() ? context_.limits.idle : context_.limits.head);
  // Those who wait come before the next request of this one.
  return desk.busy() && !between_requests() ? std::optional(Next::Requeue) : std::nullopt;
}

std::optional<Connection::Next> Connection::drain(const Desk& desk) {
  switch (socket_.discard()) {
    case ConnectionSocket::Filled::Bytes:
      if (Clock::now() >= deadline_) return Next::Close;
      return desk.busy() ? std::optional(Next::Requeue) : std::nullopt;
    case ConnectionSocket::Filled::Nothing:
      return Next::Park;
    case ConnectionSocket::Filled::End:
      break;
  }
  return Next::Close;
}

}  // namespace millrace
