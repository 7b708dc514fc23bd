#include "api/commands/web_server_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "store/common/error.h"

namespace millrace::web_server_options_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string refusal_of(WebServer server, const std::string& text, Config config = {}) {
  try {
    read_web_server_options(server, text, config);
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

TEST(ShellWords, AreThoseOfPythonsShlex) {
  EXPECT_THAT(shell_words(""), IsEmpty());
  EXPECT_THAT(shell_words("  --a=1\t--b \n2 "), ElementsAre("--a=1", "--b", "2"));
  EXPECT_THAT(shell_words("--a='x y'\"z\\\"\" 'q\\' \"\\n\" \\  ''"),
              ElementsAre("--a=x yz\"", "q\\", "\\n", " ", ""));
  EXPECT_THROW(shell_words("'a"), Error);
}

TEST(WebServerOptions, TlsIsHonoured) {
  Config config;
  EXPECT_THAT(read_web_server_options(WebServer::Uvicorn,
                                      "--ssl-keyfile=/k --ssl-certfile /c --proxy-headers", config),
              IsEmpty());
  EXPECT_EQ(config.ssl_keyfile + config.ssl_certfile + config.ssl_ca_certs, "/k/c");
  Config other;
  read_web_server_options(WebServer::Gunicorn,
                          "--certfile '/a b' --keyfile=/k --ca-certs /ca --cert-reqs 2", other);
  EXPECT_EQ(other.ssl_certfile, "/a b");
  EXPECT_EQ(other.ssl_keyfile + other.ssl_ca_certs, "/k/ca");
}

TEST(WebServerOptions, TlsMayNotContradictItself) {
  Config config;
  config.ssl_certfile = "/mine";
  EXPECT_EQ(refusal_of(WebServer::Uvicorn, "--ssl-certfile /mine", config), "");
  EXPECT_THAT(refusal_of(WebServer::Uvicorn, "--ssl-certfile /c", config),
              HasSubstr("--ssl-certfile /c contradicts Millrace's own option, which says /mine"));
  EXPECT_THAT(refusal_of(WebServer::Uvicorn, "--ssl-cert-reqs 2"), HasSubstr("--ssl-ca-certs"));
  EXPECT_THAT(refusal_of(WebServer::Uvicorn, "--ssl-ca-certs /a --ssl-cert-reqs 0"),
              HasSubstr("'--ssl-cert-reqs 0'"));
}

TEST(WebServerOptions, TrustedProxies) {
  Config config;
  EXPECT_THAT(config.forwarded_allow_ips, ElementsAre("127.0.0.1"));
  read_web_server_options(WebServer::Gunicorn, "--forwarded-allow-ips='10.0.0.0/8, ::1'", config);
  EXPECT_THAT(config.forwarded_allow_ips, ElementsAre("10.0.0.0/8", "::1"));
  read_web_server_options(WebServer::Uvicorn, "--forwarded-allow-ips=*", config);
  EXPECT_THAT(config.forwarded_allow_ips, ElementsAre("*"));
  EXPECT_THAT(refusal_of(WebServer::Uvicorn, "--forwarded-allow-ips=10.0.0.1/8"),
              HasSubstr("--forwarded-allow-ips: '10.0.0.1/8' is no address"));
}

TEST(WebServerOptions, TuningIsNamed) {
  Config config;
  EXPECT_THAT(
      read_web_server_options(
          WebServer::Gunicorn,
          "-w4 -k gevent --timeout=60 --log-level debug --access-logfile - --preload", config),
      testing::UnorderedElementsAre("--workers", "--worker-class", "--timeout", "--log-level",
                                    "--access-logfile", "--preload"));
  EXPECT_THAT(read_web_server_options(WebServer::Waitress, "--threads=8", config),
              ElementsAre("--threads"));
  EXPECT_THAT(read_web_server_options(WebServer::Uvicorn, "--no-access-log", config),
              ElementsAre("--no-access-log"));
}

// As the community's chart passes them: with the quotation marks.
TEST(WebServerOptions, QuotedOnceMore) {
  Config config;
  EXPECT_THAT(read_web_server_options(WebServer::Uvicorn, "'--log-level=info'", config),
              ElementsAre("--log-level"));
  read_web_server_options(WebServer::Uvicorn, "'--log-level=info --ssl-certfile=/c'", config);
  EXPECT_EQ(config.ssl_certfile, "/c");
}

TEST(WebServerOptions, WhatChangesWhatIsExposedIsRefusedByName) {
  for (const char* option :
       {"--host", "--port", "--uds", "--fd", "--root-path", "--header", "--ssl-keyfile-password",
        "--ssl-ciphers", "--no-proxy-headers", "--env-file", "--factory", "--unheard-of"}) {
    EXPECT_THAT(refusal_of(WebServer::Uvicorn, std::string(option) + "=secret"),
                testing::AllOf(HasSubstr("--uvicorn-opts: Millrace does not do what '" +
                                         std::string(option) + "' asks for"),
                               testing::Not(HasSubstr("secret"))));
  }
  for (const char* option : {"-b", "--bind", "-c", "--user", "--daemon", "--proxy-protocol"}) {
    EXPECT_THAT(refusal_of(WebServer::Gunicorn, std::string(option) + " x"),
                HasSubstr("'" + std::string(option) + "'"));
  }
  EXPECT_THAT(refusal_of(WebServer::Waitress, "--listen=*:80"), HasSubstr("'--listen'"));
  EXPECT_THAT(refusal_of(WebServer::Uvicorn, "word"), HasSubstr("'word'"));
  EXPECT_THAT(refusal_of(WebServer::Uvicorn, "--log-level"), HasSubstr("--log-level"));
  EXPECT_THAT(refusal_of(WebServer::Uvicorn, "'--log-level"), HasSubstr("no end"));
}

TEST(WebServerOptions, VariablesOfTheServers) {
  setenv("UVICORN_SSL_CERTFILE", "/variable", 1);
  setenv("GUNICORN_CMD_ARGS", "--certfile /arguments --threads 2", 1);
  Config config, other, both;
  EXPECT_THAT(read_web_server_options(WebServer::Uvicorn, "", config), IsEmpty());
  EXPECT_THAT(read_web_server_options(WebServer::Gunicorn, "", other), ElementsAre("--threads"));
  read_web_server_options(WebServer::Uvicorn, "--ssl-certfile /option", both);
  unsetenv("UVICORN_SSL_CERTFILE");
  unsetenv("GUNICORN_CMD_ARGS");
  EXPECT_EQ(config.ssl_certfile, "/variable");
  EXPECT_EQ(other.ssl_certfile, "/arguments");
  EXPECT_EQ(both.ssl_certfile, "/option");
}

}  // namespace
}  // namespace millrace::web_server_options_test
