#include "api/http/trusted_proxies.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "store/common/error.h"

namespace millrace {
namespace {

constexpr unsigned kIpv4Prefix = 96;  // bits in front of an IPv4 address

// Of the byte, those that lie within the first `length` bits of its address.
std::uint8_t mask_of(std::size_t byte, unsigned length) {
  const auto before = static_cast<unsigned>(byte) * 8;
  if (length >= before + 8) return 0xff;
  return length <= before ? 0 : static_cast<std::uint8_t>(0xff00U >> (length - before));
}

}  // namespace

TrustedProxies::TrustedProxies(const std::string& option, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    Network network{};
    if (name == "*") {
      all_ = true;
    } else if (read_network(name, network)) {
      networks_.push_back(network);
    } else {
      throw Error(ErrorCode::InvalidParameterValue,
                  option + ": '" + name +
                      "' is no address, no network of the form 10.0.0.0/8 (with zeros behind its "
                      "length), and not *.");
    }
  }
}

bool TrustedProxies::contains(const std::string& peer) const {
  if (all_) return true;
  Bytes bytes{};
  unsigned length = 0;
  if (!read_address(peer, bytes, length)) return false;
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    if (network.length < length) return false;  // of IPv6 as a whole, which IPv4 is no part of
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (((bytes[i] ^ network.bytes[i]) & mask_of(i, network.length)) != 0) return false;
    }
    return true;
  });
}

// `length` becomes that of the prefix that all addresses of its kind share.
bool TrustedProxies::read_address(const std::string& text, Bytes& bytes, unsigned& length) {
  if (text.find('\0') != std::string::npos) return false;
  bytes = {};
  if (::inet_pton(AF_INET, text.c_str(), &bytes[12]) == 1) {
    bytes[10] = bytes[11] = 0xff;
    length = kIpv4Prefix;
    return true;
  }
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return false;
  length = IN6_IS_ADDR_V4MAPPED(reinterpret_cast<const in6_addr*>(bytes.data())) ? kIpv4Prefix : 0;
  return true;
}

bool TrustedProxies::read_network(const std::string& text, Network& network) {
  const std::size_t slash = text.find('/');
  unsigned before = 0;
  const std::string address = text.substr(0, slash);
  if (!read_address(address, network.bytes, before)) return false;
  network.length = 128;
  if (slash == std::string::npos) return true;
  if (address.find(':') != std::string::npos) before = 0;
  unsigned length = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data() + slash + 1, end, length);
  if (error != std::errc() || last != end || length > 128 - before) return false;
  network.length = before + length;
  for (std::size_t i = 0; i < network.bytes.size(); ++i) {
    if ((network.bytes[i] & ~mask_of(i, network.length)) != 0) return false;
  }
  return true;
}

}  // namespace millrace
