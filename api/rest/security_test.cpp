#include "api/rest/security.h"

#include <gtest/gtest.h>

namespace millrace::security_test {
namespace {

HttpRequest request(std::string method, Headers headers) {
  HttpRequest http;
  http.method = std::move(method);
  http.target = "/";
  http.headers = std::move(headers);
  return http;
}

std::string header_of(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "(absent)";
}

bool host_passes(const Security& security, const std::string& host) {
  const HttpRequest http = request("GET", {{"Host", host}});
  const auto refused = security.refuse(http, "/api/x");
  if (refused) {
    EXPECT_EQ(refused->status, 403);
    EXPECT_EQ(refused->body, "Invalid Host header - possible DNS rebinding attack detected");
  }
  return !refused.has_value();
}

TEST(Security, DefaultHostsAreLocalOrPrivateAddresses) {
  const Security security({});
  for (const char* host :
       {"localhost", "localhost:5000", "127.0.0.1:5000", "[::1]", "[::1]:5000", "0.0.0.0:1",
        "10.1.2.3", "192.168.0.1:80", "172.16.0.1", "172.31.9.9:1"}) {
    EXPECT_TRUE(host_passes(security, host)) << host;
  }
  for (const char* host :
       {"evil.com", "10.evil.com", "localhost:evil.com", "LOCALHOST", "172.32.0.1",
        "192.168.0.1.evil.com", "[::1].evil.com", "127.0.0.2", "", ":", "[", "8.8.8.8"}) {
    EXPECT_FALSE(host_passes(security, host)) << host;
  }
}

TEST(Security, AConfiguredListReplacesTheDefaultAndGlobsSeeThePort) {
  SecuritySettings settings;
  settings.allowed_hosts = {"h.example", "*.corp"};
  const Security security(settings);
  EXPECT_TRUE(host_passes(security, "h.example"));
  EXPECT_TRUE(host_passes(security, "a.b.corp"));
  EXPECT_FALSE(host_passes(security, "h.example:5000"));
  EXPECT_FALSE(host_passes(security, "a.corp:5000"));
  EXPECT_FALSE(host_passes(security, "localhost"));
}

TEST(Security, AddressesOfIpv6AreNoGlobs) {
  SecuritySettings settings;
  settings.allowed_hosts = {"::1", "[fd00::1]:5000", "[fd00::2]:*", "[fd00:1:*", "[ab].example*"};
  const Security security(settings);
  for (const char* host : {"[::1]", "[fd00::1]:5000", "[fd00::2]:80", "[fd00:1::7]:5000",
                           "a.example", "b.example:1"}) {
    EXPECT_TRUE(host_passes(security, host)) << host;
  }
  for (const char* host : {"::1", ":", "1", "[::1]:5000", "[fd00::1]", "[fd00::3]:80", "f:80",
                           "c.example", "[ab].example"}) {
    EXPECT_FALSE(host_passes(security, host)) << host;
  }
}

TEST(Security, ProbesAreExemptFromTheHostCheckWithThePrefixAndWithout) {
  SecuritySettings settings;
  settings.static_prefix = "/p";
  const Security security(settings);
  const HttpRequest http = request("GET", {{"Host", "evil"}});
  for (const std::string path : {"/health", "/version", "/livez", "/readyz"}) {
    EXPECT_FALSE(security.refuse(http, "/p" + path).has_value()) << path;
    EXPECT_FALSE(security.refuse(http, path).has_value()) << path;
    EXPECT_TRUE(security.refuse(http, "/q" + path).has_value()) << path;
    EXPECT_TRUE(security.refuse(http, path + "/x").has_value()) << path;
  }
}

TEST(Security, AForeignOriginMayNotChangeAnything) {
  const Security security({});
  const auto blocked = [&](const char* origin) {
    const HttpRequest http = request("POST", {{"Host", "localhost"}, {"Origin", origin}});
    return security.refuse(http, "/api/2.0/x").has_value();
  };
  for (const char* origin : {"http://evil.com", "null", "http://localhost.evil.com", "localhost:1",
                             "http://evil.com/localhost", "http://localhost@evil.com"}) {
    EXPECT_TRUE(blocked(origin)) << origin;
  }
  for (const char* origin :
       {"", "http://localhost:3000", "https://127.0.0.1", "http://[::1]:1", "http://LOCALHOST"}) {
    EXPECT_FALSE(blocked(origin)) << origin;
  }
  const HttpRequest get = request("GET", {{"Host", "localhost"}, {"Origin", "http://evil.com"}});
  EXPECT_FALSE(security.refuse(get, "/api/2.0/x").has_value());
}

TEST(Security, PreflightNamesWhatItRefuses) {
  const Security security({});
  const HttpRequest bad = request("OPTIONS", {{"Host", "localhost"},
                                              {"Origin", "http://evil.com"},
                                              {"Access-Control-Request-Method", "TRACE"}});
  const auto refused = security.refuse(bad, "/anything");
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status, 400);
  EXPECT_EQ(refused->body, "Disallowed CORS origin, method");
  const HttpRequest good = request("OPTIONS", {{"Host", "localhost"},
                                               {"Origin", "http://localhost:3000"},
                                               {"Access-Control-Request-Method", "POST"},
                                               {"Access-Control-Request-Headers", "x-a, x-b"}});
  const auto allowed = security.refuse(good, "/anything");
  ASSERT_TRUE(allowed.has_value());
  EXPECT_EQ(allowed->status, 200);
  EXPECT_EQ(allowed->body, "OK");
  EXPECT_EQ(header_of(*allowed, "access-control-allow-origin"), "http://localhost:3000");
  EXPECT_EQ(header_of(*allowed, "access-control-allow-headers"), "x-a, x-b");
}

TEST(Security, AWorkspaceHeaderIsRefusedBeforeTheHost) {
  const Security security({});
  const HttpRequest http = request("GET", {{"Host", "evil"}, {"X-MLFLOW-WORKSPACE", "default"}});
  const auto refused = security.refuse(http, "/health");
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status, 500);
  EXPECT_FALSE(
      security
          .refuse(request("GET", {{"Host", "localhost"}, {"X-MLFLOW-WORKSPACE", "default"}}),
                  "/api/3.0/mlflow/server-info")
          .has_value());
}

TEST(Security, HeadersOnEveryReply) {
  const Security security({});
  HttpResponse response;
  security.add_headers(request("GET", {{"Host", "localhost"}}), Layer::Classic, response);
  EXPECT_EQ(header_of(response, "x-content-type-options"), "nosniff");
  EXPECT_EQ(header_of(response, "x-frame-options"), "SAMEORIGIN");
  EXPECT_EQ(header_of(response, "vary"), "Origin");
  HttpResponse bare;
  SecuritySettings disabled;
  disabled.disabled = true;
  Security(disabled).add_headers(request("GET", {}), Layer::Classic, bare);
  EXPECT_TRUE(bare.headers.empty());
}

}  // namespace
}  // namespace millrace::security_test
