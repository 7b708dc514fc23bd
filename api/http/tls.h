// TLS 1.2 and 1.3 on a connection's socket, by OpenSSL: the identity that a server shows, and the
// session of one connection. Nothing of OpenSSL is seen outside.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace millrace {

struct TlsFiles {
  std::string certificate;  // PEM, with those between it and the root behind it
  std::string key;          // PEM without a passphrase; empty: in the file of the certificate
  std::string client_ca;    // PEM: who signs certificates of clients, which then must show one
};

class TlsSession;

// The certificate and the key of a server, as their files have them now or had them when they were
// good. Thread-safe.
class TlsIdentity {
 public:
  // Throws Error (InvalidParameterValue), which names the file, for what cannot be used.
  explicit TlsIdentity(TlsFiles files);

  // A session on a connected socket, which outlives it.
  std::unique_ptr<TlsSession> begin(int fd) const;
  // Reads the files again: sessions from now on show what is there. Throws as the constructor, and
  // goes on as before.
  void renew();
  // Whether the files are others than those of the last reading, or that has failed.
  bool is_outdated() const;
  // What is doubtful, a line each: a certificate that has expired, a key that everybody may read.
  std::vector<std::string> doubts() const;

 private:
  using Context = std::shared_ptr<ssl_ctx_st>;
  Context current() const;
  std::string stamps() const;

  const TlsFiles files_;
  mutable std::mutex mutex_;  // guards the others
  Context context_;
  std::string stamps_;  // of the files when they were read; empty if that has failed
};

// Its calls do not wait: they return kLater, and awaited() says (as poll() has it) for what. A
// handshake is part of the first ones.
class TlsSession {
 public:
  // `fd` is a connected stream socket.
  TlsSession(ssl_ctx_st* context, int fd);
  // Tells the peer that nothing more comes, if that is possible at once.
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  static constexpr ssize_t kLater = -1;
  // The number of bytes; 0 at the end, or if the connection is broken. `linger`: waits for bytes of
  // the socket once, until its SO_RCVTIMEO.
  ssize_t read(char* buffer, std::size_t size, bool linger);
  // As read, of what is in the pieces, of which one is not empty. Who was told kLater comes with
  // the same bytes again, or these and more.
  ssize_t write(std::string_view first, std::string_view second);
  short awaited() const { return awaited_; }
  void end();

 private:
  friend class TlsSocket;
  ssize_t write(std::string_view piece);
  ssize_t result(int returned);

  const int fd_;
  ssl_st* ssl_;
  short awaited_;
  bool linger_ = false;
  bool broken_ = false;
};

}  // namespace millrace
