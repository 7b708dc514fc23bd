#include "api/http/connection_stream.h"

#include <algorithm>

namespace millrace {

ssize_t ExchangeStream::read(char* buffer, size_t size) {
  std::size_t part = std::min(size, unread_.size());
  std::copy_n(unread_.data(), part, buffer);
  unread_.remove_prefix(part);
  return static_cast<ssize_t>(part);
}

ssize_t ExchangeStream::write(const char* bytes, size_t size) {
  const std::string_view head(bytes, size);
  const int status = exchange_.response().status;
  exchange_.head()
      .append("HTTP/1.1 ")
      .append(std::to_string(status))
      .append(" ")
      .append(reason_phrase(status))
      .append(head.substr(head.find('\r')));
  return static_cast<ssize_t>(size);
}

}  // namespace millrace
