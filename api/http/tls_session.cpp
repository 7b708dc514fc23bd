#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <new>
#include <utility>

#include "api/http/tls.h"

namespace millrace {

namespace {

constexpr std::size_t kRecord = 16 * 1024;  // the most that one record holds

}  // namespace

// What OpenSSL sees of the socket. Its own view of one waits either always or never, and a write to
// a broken one is a signal.
class TlsSocket {
 public:
  static const BIO_METHOD* method() {
    static BIO_METHOD* const kMethod = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
      if (made == nullptr) throw std::bad_alloc();
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      return made;
    }();
    return kMethod;
  }

 private:
  static int read(BIO* bio, char* buffer, int size) {
    auto& session = *static_cast<TlsSession*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const int flags = std::exchange(session.linger_, false) ? 0 : MSG_DONTWAIT;
    const ssize_t got = ::recv(session.fd_, buffer, static_cast<std::size_t>(size), flags);
    if (got < 0 && may_retry()) BIO_set_retry_read(bio);
    return static_cast<int>(got);
  }
  static int write(BIO* bio, const char* bytes, int size) {
    const auto& session = *static_cast<TlsSession*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const ssize_t sent =
        ::send(session.fd_, bytes, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && may_retry()) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
  static bool may_retry() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }
};

TlsSession::TlsSession(ssl_ctx_st* context, int fd)
    : fd_(fd), ssl_(SSL_new(context)), awaited_(POLLIN) {
  BIO* socket = BIO_new(TlsSocket::method());
  if (ssl_ == nullptr || socket == nullptr) {
    SSL_free(ssl_);
    BIO_free(socket);
    throw std::bad_alloc();
  }
  BIO_set_data(socket, this);
  BIO_set_init(socket, 1);
  SSL_set_bio(ssl_, socket, socket);
  SSL_set_accept_state(ssl_);
}

TlsSession::~TlsSession() {
  end();
  SSL_free(ssl_);
}

ssize_t TlsSession::read(char* buffer, std::size_t size, bool linger) {
  ERR_clear_error();
  linger_ = linger;
  const std::size_t part = std::min<std::size_t>(size, INT_MAX);
  const int got = SSL_read(ssl_, buffer, static_cast<int>(part));
  linger_ = false;
  return result(got);
}

// The first piece goes out with the beginning of the second one: together they mostly are one
// record.
ssize_t TlsSession::write(std::string_view first, std::string_view second) {
  if (first.empty()) return write(second);
  std::array<char, kRecord> record;
  const std::size_t part = first.copy(record.data(), record.size());
  return write({record.data(), part + second.copy(record.data() + part, record.size() - part)});
}

ssize_t TlsSession::write(std::string_view piece) {
  ERR_clear_error();
  const std::size_t part = std::min<std::size_t>(piece.size(), INT_MAX);
  return result(SSL_write(ssl_, piece.data(), static_cast<int>(part)));
}

ssize_t TlsSession::result(int returned) {
  if (returned > 0) return returned;
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ:
      awaited_ = POLLIN;
      return kLater;
    case SSL_ERROR_WANT_WRITE:
      awaited_ = POLLOUT;
      return kLater;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      broken_ = true;  // the library must not be asked to end it in order
      return 0;
  }
}

void TlsSession::end() {
  ERR_clear_error();
  if (!broken_ && SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
  broken_ = true;
}

}  // namespace millrace
