#include "api/http/trusted_proxies.h"

#include <gtest/gtest.h>

#include "store/common/error.h"

namespace millrace::trusted_proxies_test {
namespace {

bool trusts(const std::vector<std::string>& names, const std::string& peer) {
  return TrustedProxies("option", names).contains(peer);
}

TEST(TrustedProxies, AddressesAreComparedByValue) {
  EXPECT_TRUE(trusts({"127.0.0.1"}, "127.0.0.1"));
  EXPECT_FALSE(trusts({"127.0.0.1"}, "127.0.0.2"));
  EXPECT_TRUE(trusts({"10.0.0.1", "::1"}, "::1"));
  EXPECT_TRUE(trusts({"2001:DB8:0::1"}, "2001:db8::1"));
  EXPECT_TRUE(trusts({"127.0.0.1"}, "::ffff:127.0.0.1"));  // on a socket for both
  EXPECT_FALSE(trusts({"::7f00:1"}, "127.0.0.1"));
  EXPECT_FALSE(trusts({}, "127.0.0.1"));
}

TEST(TrustedProxies, NetworksEndAtAnyBit) {
  EXPECT_TRUE(trusts({"10.0.0.0/8"}, "10.255.255.255"));
  EXPECT_FALSE(trusts({"10.0.0.0/8"}, "11.0.0.0"));
  EXPECT_TRUE(trusts({"172.16.0.0/12"}, "172.31.255.255"));
  EXPECT_FALSE(trusts({"172.16.0.0/12"}, "172.32.0.0"));
  EXPECT_TRUE(trusts({"192.168.1.4/32"}, "192.168.1.4"));
  EXPECT_FALSE(trusts({"192.168.1.4/31"}, "192.168.1.6"));
  EXPECT_TRUE(trusts({"fd00::/8"}, "fdff::1"));
  EXPECT_FALSE(trusts({"fd00::/8"}, "fe00::1"));
  EXPECT_TRUE(trusts({"2001:db8::/33"}, "2001:db8:7fff::1"));
  EXPECT_FALSE(trusts({"2001:db8::/33"}, "2001:db8:8000::1"));
}

TEST(TrustedProxies, AllOfOneKindAreNotAllOfTheOther) {
  EXPECT_TRUE(trusts({"0.0.0.0/0"}, "8.8.8.8"));
  EXPECT_FALSE(trusts({"0.0.0.0/0"}, "2001:db8::1"));
  EXPECT_TRUE(trusts({"::/0"}, "2001:db8::1"));
  EXPECT_FALSE(trusts({"::/0"}, "8.8.8.8"));
  EXPECT_FALSE(trusts({"::/80"}, "::ffff:8.8.8.8"));
  EXPECT_TRUE(trusts({"::ffff:8.0.0.0/104"}, "8.8.8.8"));
}

TEST(TrustedProxies, AStarIsEveryone) {
  EXPECT_TRUE(trusts({"10.0.0.1", "*"}, "8.8.8.8"));
  EXPECT_TRUE(trusts({"*"}, ""));
  EXPECT_FALSE(trusts({"0.0.0.0/0"}, ""));
}

TEST(TrustedProxies, OthersAreRefused) {
  for (const std::string name : {"", "proxy", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/",
                                 "10.0.0.0/8x", "10.0.0.0/-1", "10.0.0.0/ 8", "10.0.0/8", "::/129",
                                 "fd00::1/8", "10.0.0.0/255.0.0.0", "/8", "10.0.0.1,10.0.0.2"}) {
    try {
      TrustedProxies("--forwarded-allow-ips", {name});
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
      EXPECT_NE(error.message().find("--forwarded-allow-ips: '" + name + "' is no address"),
                std::string::npos)
          << error.message();
    }
  }
}

}  // namespace
}  // namespace millrace::trusted_proxies_test
