// One request and what becomes of its reply.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/http/connection_body.h"
#include "api/http/connection_socket.h"
#include "api/http/exchange.h"
#include "api/http/memory_budget.h"

namespace millrace {

// What uvicorn answers when the application fails, and to a request that it cannot parse.
HttpResponse internal_error();
HttpResponse invalid_request();

class Exchange;

// What all connections of a server have in common. Outlives them.
struct ConnectionContext {
  ConnectionContext(
      const ConnectionLimits& with, std::shared_ptr<const TlsIdentity> identity,
      std::function<void(Exchange&)> handle,
      std::function<bool()> others_wait = [] { return false; })
      : limits(with),
        tls(std::move(identity)),
        memory(with.held_bytes),
        respond(std::move(handle)),
        crowded(std::move(others_wait)) {}

  const ConnectionLimits limits;
  const std::shared_ptr<const TlsIdentity> tls;  // null: none
  MemoryBudget memory;
  StopSignal stop;
  // Handles one exchange: its reply gets complete, and a head.
  const std::function<void(Exchange&)> respond;
  // Whether requests wait for a thread that reads a body.
  const std::function<bool()> crowded;
  // The descriptors of connections, and of files that are being sent on them.
  std::atomic<std::size_t> descriptors{0};
};

// Counts one for as long as it lives.
class Counted {
 public:
  explicit Counted(std::atomic<std::size_t>& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::atomic<std::size_t>& count_;
};

class Exchange {
 public:
  // All of them outlive it.
  Exchange(ConnectionSocket& socket, ConnectionContext& context, MemoryBudget::Share& share,
           RequestHead head, const std::string& peer);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  HttpRequest& request() { return request_; }
  // Nobody is there to take a reply.
  bool client_gone() const { return body_.state() == ConnectionBody::State::Gone; }
  // The client waits for `100 Continue`: it is to be handled anew when that is sent.
  bool wants_continue() const { return body_.state() == ConnectionBody::State::Unasked; }

  // Turns what the handler returned into exactly what goes out (see HttpResponse).
  void complete(HttpResponse reply);
  HttpResponse& response() { return response_; }
  // Status line and headers as they go out.
  std::string& head() { return head_; }

  // After the reply: whether the connection may go on with what is behind the body.
  bool keeps_connection() const { return keep_; }
  ConnectionBody::Skipped skip_body() { return body_.skip(context_.limits.skipped_bytes); }
  // The client may still be sending what nobody will read.
  bool has_unread() const {
    return body_.state() != ConnectionBody::State::Ended || !socket_.input().empty();
  }

 private:
  ConnectionSocket& socket_;
  ConnectionContext& context_;
  bool http11_;
  bool keep_;
  ConnectionBody body_;
  HttpRequest request_;
  HttpResponse response_;
  std::string head_;
  std::optional<Counted> file_;  // that is sent
};

}  // namespace millrace
