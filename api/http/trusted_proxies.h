// Whose word about a request counts: the proxies that uvicorn and gunicorn name by
// --forwarded-allow-ips.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

class TrustedProxies {
 public:
  // Each an IPv4 or IPv6 address, a network of such (10.0.0.0/8, without bits behind its length, as
  // Python's ipaddress has it), or "*" for all. Throws InvalidParameterValue, with `option` in
  // front, about what is none of these.
  TrustedProxies(const std::string& option, const std::vector<std::string>& names);

  // Whether it is one of them; `peer` as inet_ntop writes it. An IPv4 address that an IPv6 socket
  // shows (::ffff:10.0.0.1) is the IPv4 one. What is no address is no proxy unless all are.
  bool contains(const std::string& peer) const;

 private:
  using Bytes = std::array<std::uint8_t, 16>;  // of IPv4 as in ::ffff:0.0.0.0
  struct Network {
    Bytes bytes;
    unsigned length;  // in bits, up to 128
  };

  static bool read_address(const std::string& text, Bytes& bytes, unsigned& length);
  static bool read_network(const std::string& text, Network& network);

  bool all_ = false;
  std::vector<Network> networks_;
};

}  // namespace millrace
