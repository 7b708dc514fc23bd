// A client that speaks TLS with a running server, for tests.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/server_test_client.h"

namespace millrace::tls_test {

// What a client asks for, and whom it believes.
class ClientContext {
 public:
  explicit ClientContext(const std::string& authority)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    SSL_CTX_load_verify_file(context_.get(), authority.c_str());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  }
  SSL_CTX* get() const { return context_.get(); }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
};

// The bytes go through buffers in memory, so that a test may hold them back.
class TlsClient {
 public:
  TlsClient(int port, const ClientContext& context)
      : socket_(port), ssl_(SSL_new(context.get()), SSL_free) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
  }

  SSL* ssl() const { return ssl_.get(); }
  server_test::Client& socket() { return socket_; }

  // What the handshake has to send now.
  std::string next_bytes() {
    SSL_do_handshake(ssl_.get());
    return take_output();
  }
  // False when the server refuses.
  bool shake_hands(bool byte_by_byte = false) {
    for (;;) {
      ERR_clear_error();
      const int result = SSL_do_handshake(ssl_.get());
      send_output(byte_by_byte);
      if (result == 1) return true;
      if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ || !receive_some()) return false;
    }
  }
  bool send(std::string_view bytes) {
    if (!SSL_is_init_finished(ssl_.get()) && !shake_hands()) return false;
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, 100'000);
      if (SSL_write(ssl_.get(), part.data(), static_cast<int>(part.size())) <= 0) return false;
      if (!send_output(false)) return false;
      bytes.remove_prefix(part.size());
    }
    return true;
  }
  // As Client's.
  std::string receive(std::string_view ending) {
    std::size_t found = input_.find(ending);
    while (found == std::string::npos) {
      const std::string piece = decrypt_some();
      if (piece.empty()) break;
      const std::size_t searched = input_.size() - std::min(input_.size(), ending.size());
      input_ += piece;
      found = input_.find(ending, searched);
    }
    if (found == std::string::npos) return std::exchange(input_, {});
    std::string result = input_.substr(0, found + ending.size());
    input_.erase(0, result.size());
    return result;
  }
  std::string receive_piece() {
    return input_.empty() ? decrypt_some() : std::exchange(input_, {});
  }
  // The server has said that nothing more comes.
  bool has_ended() const { return ended_; }
  std::string server_name() const {
    std::string name(100, '\0');
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        SSL_get1_peer_certificate(ssl_.get()), X509_free);
    const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()),
                                               NID_commonName, name.data(), 100);
    return name.substr(0, static_cast<std::size_t>(size));
  }

 private:
  std::string decrypt_some() {
    std::string buffer(20'000, '\0');
    for (;;) {
      ERR_clear_error();
      const int got = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
      if (got > 0) return buffer.substr(0, static_cast<std::size_t>(got));
      const int error = SSL_get_error(ssl_.get(), got);
      ended_ = error == SSL_ERROR_ZERO_RETURN;
      if (error != SSL_ERROR_WANT_READ || !receive_some()) return "";
    }
  }
  std::string take_output() {
    std::string output;
    std::string buffer(100'000, '\0');
    int size = 0;
    while ((size = BIO_read(SSL_get_wbio(ssl_.get()), buffer.data(), 100'000)) > 0)
      output.append(buffer, 0, static_cast<std::size_t>(size));
    return output;
  }
  bool send_output(bool byte_by_byte) {
    const std::string output = take_output();
    if (!byte_by_byte) return socket_.send(output);
    for (const char byte : output)
      if (!socket_.send({&byte, 1})) return false;
    return true;
  }
  bool receive_some() {
    const std::string bytes = socket_.receive_piece();
    if (bytes.empty()) return false;
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    return true;
  }

  server_test::Client socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  std::string input_;
  bool ended_ = false;
};

}  // namespace millrace::tls_test
