#include "api/http/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "api/http/server.h"
#include "api/http/tls_test_certificates.h"
#include "api/http/tls_test_client.h"
#include "store/common/error.h"

namespace millrace::tls_test {
namespace {

using namespace server_test;  // NOLINT(google-build-using-namespace): made for these tests
using namespace tls_test;     // NOLINT(google-build-using-namespace): made for these tests
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class Tls : public testing::Test {
 protected:
  Tls() { ::signal(SIGPIPE, SIG_IGN); }

  ServerOptions options() const {
    ServerOptions made;
    made.tls = identity_;
    return made;
  }

  const Certificates certificates_;
  const TlsFiles files_ = certificates_.issue("server", "first");
  const std::shared_ptr<TlsIdentity> identity_ = std::make_shared<TlsIdentity>(files_);
  const ClientContext trusting_{certificates_.authority()};
};

TEST_F(Tls, CarriesRequestsAndReplies) {
  const std::string large(5'000'000, 'z');
  RunningServer running(
      [&](HttpRequest& request) {
        EXPECT_TRUE(request.is_secure);
        return request.target == "/large" ? text(large + "]\n") : echo(request);
      },
      options());
  TlsClient client(running.port(), trusting_);
  ASSERT_TRUE(client.shake_hands());
  EXPECT_EQ(SSL_version(client.ssl()), TLS1_3_VERSION);
  client.send(get("/1") + get("/2", "Content-Length: 5\r\n") + "hello");
  EXPECT_THAT(client.receive("]\n"), EndsWith("\r\n\r\nGET /1 []\n"));
  EXPECT_THAT(client.receive("]\n"), EndsWith("\r\n\r\nGET /2 [hello]\n"));
  client.send(get("/up", "Content-Length: 5000000\r\n") + large + get("/large"));
  EXPECT_THAT(client.receive("]\n"), EndsWith("/up [" + large + "]\n"));
  EXPECT_THAT(client.receive("]\n"), EndsWith("\r\n\r\n" + large + "]\n"));
  client.send(get("/e", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
  EXPECT_EQ(client.receive("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.receive("]\n"), EndsWith("GET /e [ok]\n"));
  client.send(get("/last", "Connection: close\r\n"));
  EXPECT_THAT(client.receive("]\n"), EndsWith("GET /last []\n"));
  EXPECT_EQ(client.receive_piece(), "");
  EXPECT_TRUE(client.has_ended());
}

TEST_F(Tls, AHandshakeInPiecesHoldsNoThread) {
  ServerOptions few = options();
  few.max_threads = 1;
  few.limits.head = std::chrono::hours(1);
  few.limits.linger = std::chrono::milliseconds(1);
  RunningServer running(echo, few);
  std::vector<std::unique_ptr<TlsClient>> slow;
  for (int i = 0; i < 30; ++i) {
    slow.push_back(std::make_unique<TlsClient>(running.port(), trusting_));
    const std::string hello = slow.back()->next_bytes();
    ASSERT_GT(hello.size(), 100U);
    slow.back()->socket().send(hello.substr(0, i % 2 == 0 ? 100 : 0));
  }
  TlsClient client(running.port(), trusting_);
  ASSERT_TRUE(client.shake_hands(true));
  client.send(get("/short"));
  EXPECT_THAT(client.receive("]\n"), EndsWith("GET /short []\n"));
}

TEST_F(Tls, AProbeIsAnsweredWhileAllThreadsHaveWork) {
  ServerOptions few = options();
  few.max_threads = 2;
  few.probe_paths = {"/probe"};
  std::latch working(2);
  std::latch go_on(1);
  RunningServer running(
      [&](HttpRequest& request) {
        if (request.target == "/work") {
          working.count_down();
          go_on.wait();
        }
        return echo(request);
      },
      few);
  std::vector<std::unique_ptr<TlsClient>> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(std::make_unique<TlsClient>(running.port(), trusting_));
    ASSERT_TRUE(clients.back()->send(get("/work")));
  }
  working.wait();
  TlsClient waiting(running.port(), trusting_);
  ASSERT_TRUE(waiting.send(get("/short")));
  for (int i = 0; i < 3; ++i) {
    TlsClient probe(running.port(), trusting_);
    ASSERT_TRUE(probe.send(get("/probe")));
    EXPECT_THAT(probe.receive("]\n"), EndsWith("GET /probe []\n"));
  }
  go_on.count_down();
  EXPECT_THAT(waiting.receive("]\n"), EndsWith("GET /short []\n"));
}

TEST_F(Tls, RefusesWhatIsOldOrWeak) {
  RunningServer running(echo, options());
  const auto speaks = [&](const auto& set) {
    ClientContext context(certificates_.authority());
    SSL_CTX_set_security_level(context.get(), 0);
    set(context.get());
    TlsClient client(running.port(), context);
    return client.send(get("/")) && client.receive("]\n").ends_with("GET / []\n");
  };
  const auto with_1_2 = [&](const char* ciphers) {
    return speaks([&](SSL_CTX* context) {
      SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
      EXPECT_EQ(SSL_CTX_set_cipher_list(context, ciphers), 1);
    });
  };
  EXPECT_TRUE(with_1_2("ECDHE-ECDSA-AES128-GCM-SHA256"));
  EXPECT_TRUE(with_1_2("ECDHE-ECDSA-CHACHA20-POLY1305"));
  EXPECT_FALSE(with_1_2("ECDHE-ECDSA-AES128-SHA"));
  EXPECT_FALSE(with_1_2("AES128-GCM-SHA256"));
  EXPECT_FALSE(with_1_2("DHE-RSA-AES128-GCM-SHA256"));
  EXPECT_FALSE(
      speaks([](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION); }));
  const auto with_alpn = [&](const std::string& protocols) {
    return speaks([&](SSL_CTX* context) {
      SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocols.data()),
                              static_cast<unsigned int>(protocols.size()));
    });
  };
  EXPECT_TRUE(with_alpn("\x02h2\x08http/1.1"));
  EXPECT_FALSE(with_alpn("\x02h2"));
}

TEST_F(Tls, DoesNotNegotiateAnew) {
  RunningServer running(echo, options());
  ClientContext context(certificates_.authority());
  SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  TlsClient client(running.port(), context);
  ASSERT_TRUE(client.shake_hands());
  SSL_renegotiate(client.ssl());
  EXPECT_FALSE(client.shake_hands());
}

TEST_F(Tls, PlainHttpIsRefused) {
  RunningServer running(echo, options());
  Client client(running.port());
  client.send(get("/"));
  EXPECT_THAT(client.receive_all(), Not(HasSubstr("HTTP/1.1 200")));
}

TEST_F(Tls, ASessionGoesOnByItsTicket) {
  RunningServer running(echo, options());
  TlsClient first(running.port(), trusting_);
  ASSERT_TRUE(first.send(get("/")));
  EXPECT_THAT(first.receive("]\n"), EndsWith("GET / []\n"));
  SSL_SESSION* session = SSL_get1_session(first.ssl());
  TlsClient second(running.port(), trusting_);
  SSL_set_session(second.ssl(), session);
  SSL_SESSION_free(session);
  ASSERT_TRUE(second.send(get("/")));
  EXPECT_THAT(second.receive("]\n"), EndsWith("GET / []\n"));
  EXPECT_EQ(SSL_session_reused(second.ssl()), 1);
}

TEST_F(Tls, ARenewedCertificateIsShownAndNoConnectionLost) {
  RunningServer running(echo, options());
  TlsClient old(running.port(), trusting_);
  ASSERT_TRUE(old.shake_hands());
  EXPECT_EQ(old.server_name(), "first");
  EXPECT_FALSE(identity_->is_outdated());
  std::filesystem::rename(files_.key, files_.key + ".away");
  EXPECT_TRUE(identity_->is_outdated());
  EXPECT_THROW(identity_->renew(), Error);
  EXPECT_TRUE(identity_->is_outdated());  // to be tried again
  TlsClient meanwhile(running.port(), trusting_);
  ASSERT_TRUE(meanwhile.shake_hands());
  EXPECT_EQ(meanwhile.server_name(), "first");
  certificates_.issue("server", "second");
  EXPECT_TRUE(identity_->is_outdated());
  identity_->renew();
  EXPECT_FALSE(identity_->is_outdated());
  TlsClient renewed(running.port(), trusting_);
  ASSERT_TRUE(renewed.shake_hands());
  EXPECT_EQ(renewed.server_name(), "second");
  old.send(get("/old"));
  EXPECT_THAT(old.receive("]\n"), EndsWith("GET /old []\n"));
}

TEST_F(Tls, AsksClientsForCertificates) {
  TlsFiles files = files_;
  files.client_ca = certificates_.authority();
  ServerOptions asking;
  asking.tls = std::make_shared<TlsIdentity>(files);
  RunningServer running(echo, asking);
  const auto speaks = [&](const TlsFiles& own) {
    ClientContext context(certificates_.authority());
    if (!own.certificate.empty()) {
      SSL_CTX_use_certificate_chain_file(context.get(), own.certificate.c_str());
      SSL_CTX_use_PrivateKey_file(context.get(), own.key.c_str(), SSL_FILETYPE_PEM);
    }
    TlsClient client(running.port(), context);
    return client.send(get("/")) && client.receive("]\n").ends_with("GET / []\n");
  };
  EXPECT_TRUE(speaks(certificates_.issue("client", "client")));
  EXPECT_FALSE(speaks({}));
  const Certificates others;
  EXPECT_FALSE(speaks(others.issue("client", "client")));
}

TEST_F(Tls, TellsWhichFileCannotBeUsed) {
  const auto fault = [](const TlsFiles& files) -> std::string {
    try {
      const TlsIdentity identity(files);
      return "none";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
      return error.message();
    }
  };
  const std::string garbage = certificates_.path("garbage");
  std::ofstream(garbage) << "no PEM\n";
  const std::string none = certificates_.path("none");
  EXPECT_EQ(fault({none, files_.key, ""}),
            "--ssl-certfile " + none + ": No such file or directory");
  EXPECT_EQ(fault({files_.certificate, none, ""}),
            "--ssl-keyfile " + none + ": No such file or directory");
  EXPECT_EQ(fault({files_.certificate, certificates_.path("."), ""}),
            "--ssl-keyfile " + certificates_.path(".") + ": it is not a regular file");
  EXPECT_THAT(fault({garbage, files_.key, ""}),
              StartsWith("--ssl-certfile " + garbage + ": no usable certificate in PEM form ("));
  const std::string bad_key =
      ": no usable private key in PEM form, without a passphrase, that is "
      "of the certificate (";
  EXPECT_THAT(fault({files_.certificate, garbage, ""}),
              StartsWith("--ssl-keyfile " + garbage + bad_key));
  const TlsFiles other = certificates_.issue("other", "other");
  EXPECT_EQ(fault({files_.certificate, other.key, ""}),
            "--ssl-keyfile " + other.key + bad_key + "key values mismatch)");
  const std::string encrypted = certificates_.encrypted_key("encrypted.key");
  EXPECT_THAT(fault({files_.certificate, encrypted, ""}),
              StartsWith("--ssl-keyfile " + encrypted + bad_key));
  EXPECT_THAT(fault({files_.certificate, "", ""}),
              StartsWith("--ssl-certfile " + files_.certificate + bad_key));
  EXPECT_THAT(fault({files_.certificate, files_.key, garbage}),
              StartsWith("--ssl-ca-certs " + garbage + ": no certificates in PEM form ("));
  EXPECT_EQ(fault(files_), "none");
}

TEST_F(Tls, DoubtsAKeyThatEverybodyMayRead) {
  std::filesystem::permissions(files_.key, std::filesystem::perms::owner_read);
  EXPECT_THAT(identity_->doubts(), testing::IsEmpty());
  std::filesystem::permissions(files_.key, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  EXPECT_THAT(
      identity_->doubts(),
      testing::ElementsAre("everybody on this machine may read the private key in " + files_.key));
}

}  // namespace
}  // namespace millrace::tls_test
