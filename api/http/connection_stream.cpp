#include "api/http/connection_stream.h"

#include <algorithm>
#include <vector>

namespace millrace {
namespace {

constexpr std::size_t kSourceChunk = std::size_t{256} << 10U;  // bytes

}  // namespace

ExchangeStream::ExchangeStream(Exchange& exchange)
    : exchange_(exchange),
      unread_(exchange.is_head() ? "HEAD / HTTP/1.1\r\n\r\n" : "GET / HTTP/1.1\r\n\r\n") {}

ssize_t ExchangeStream::read(char* buffer, size_t size) {
  std::size_t part = std::min(size, unread_.size());
  std::copy_n(unread_.data(), part, buffer);
  unread_.remove_prefix(part);
  return static_cast<ssize_t>(part);
}

ssize_t ExchangeStream::write(const char* bytes, size_t size) {
  std::string_view piece(bytes, size);
  if (head_written_) return send(piece) ? static_cast<ssize_t>(size) : -1;
  head_written_ = true;
  int status = exchange_.response().status;
  head_.append("HTTP/1.1 ")
      .append(std::to_string(status))
      .append(" ")
      .append(reason_phrase(status));
  head_.append(piece.substr(piece.find('\r')));
  return static_cast<ssize_t>(size);
}

bool ExchangeStream::flush() {
  std::uint64_t left = 0;
  if (BodySource* source = exchange_.response().source.get()) {
    left = source->size();
    std::vector<char> buffer(kSourceChunk);
    while (const std::size_t size = sent_ ? source->read(buffer.data(), buffer.size()) : 0) {
      send({buffer.data(), size});
      left -= size;
    }
  }
  const bool out = head_.empty() ? sent_ : send({});
  return out && left == 0;  // a file may have become shorter
}

bool ExchangeStream::send(std::string_view bytes) {
  if (sent_) sent_ = !exchange_.client_gone() && exchange_.socket().send(head_, bytes);
  head_.clear();
  return sent_;
}

}  // namespace millrace
