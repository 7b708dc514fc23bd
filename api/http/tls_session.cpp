#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <climits>
#include <new>

#include "api/http/tls.h"

namespace millrace {

namespace {

constexpr std::size_t kRecord = 16 * 1024;  // the most that one record holds

}  // namespace

TlsSession::TlsSession(ssl_ctx_st* context, int fd) : ssl_(SSL_new(context)), awaited_(POLLIN) {
  if (ssl_ == nullptr || SSL_set_fd(ssl_, fd) != 1) {
    SSL_free(ssl_);
    throw std::bad_alloc();
  }
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  SSL_set_accept_state(ssl_);
}

TlsSession::~TlsSession() {
  end();
  SSL_free(ssl_);
}

ssize_t TlsSession::read(char* buffer, std::size_t size) {
  ERR_clear_error();
  const std::size_t part = std::min<std::size_t>(size, INT_MAX);
  return result(SSL_read(ssl_, buffer, static_cast<int>(part)));
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
