// A reply on its way out, in as many pieces as the client takes it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "api/http/connection_socket.h"
#include "api/http/exchange.h"

namespace millrace {

class ReplyWriter {
 public:
  // The head as it goes out, and what `response` has for a body.
  ReplyWriter(std::string head, HttpResponse response);

  enum class Progress { Done, Waiting, Failed };
  // Sends what the client takes, until `busy`: others need the thread. Failed: the client is gone
  // or too slow, or the source has not what it promised.
  Progress write(ConnectionSocket& socket, const ConnectionLimits& limits,
                 const std::function<bool()>& busy);
  // When a client that takes nothing until then is too slow.
  std::chrono::steady_clock::time_point deadline(const ConnectionLimits& limits) const;
  // Bytes that wait in memory.
  std::size_t kept() const { return head_.size() + body_.size(); }

 private:
  // The next piece of the body, in `buffer` if it comes from the source.
  std::string_view next_piece(std::string& buffer);

  std::string head_;
  std::string body_;
  std::unique_ptr<BodySource> source_;
  std::size_t head_sent_ = 0;
  std::uint64_t body_sent_ = 0;
  const std::uint64_t body_size_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point moved_ = began_;
};

}  // namespace millrace
