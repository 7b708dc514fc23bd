// What cpp-httplib sees of an exchange: a canonical head to read, and a place to write the reply
// to.
#pragma once

#include <httplib.h>

#include <string>

#include "api/http/connection.h"

namespace millrace {

class ExchangeStream : public httplib::Stream {
 public:
  explicit ExchangeStream(Exchange& exchange);

  // Sends what is held back; false when the reply did not get out.
  bool flush();

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* buffer, size_t size) override;
  // The first call must carry the whole head, as cpp-httplib does it. The head is held back to go
  // out together with the body, and its status line gets our words.
  ssize_t write(const char* bytes, size_t size) override;
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  // Not the real one: the library would answer 500 on its own for a descriptor over 1023.
  socket_t socket() const override { return 0; }

 private:
  bool send(std::string_view bytes);

  Exchange& exchange_;
  std::string_view unread_;
  bool head_written_ = false;
  bool sent_ = true;
  std::string head_;
};

}  // namespace millrace
