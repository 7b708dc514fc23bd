// What cpp-httplib sees of an exchange: a canonical head to read, and a place to write the reply's
// head to. The body does not go through it.
#pragma once

#include <httplib.h>

#include <string>

#include "api/http/connection_exchange.h"

namespace millrace {

class ExchangeStream : public httplib::Stream {
 public:
  explicit ExchangeStream(Exchange& exchange) : exchange_(exchange) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* buffer, size_t size) override;
  // The first call must carry the whole head, as cpp-httplib does it; its status line gets our
  // words.
  ssize_t write(const char* bytes, size_t size) override;
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  // Not the real one: the library would answer 500 on its own for a descriptor over 1023.
  socket_t socket() const override { return 0; }

 private:
  Exchange& exchange_;
  std::string_view unread_ = "GET / HTTP/1.1\r\n\r\n";
};

}  // namespace millrace
