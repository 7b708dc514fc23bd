#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>
#include <system_error>

#include "api/http/tls.h"
#include "store/common/error.h"

namespace millrace {

namespace {

// Of TLS 1.2: a key for each session, and encryption that authenticates. TLS 1.3 has no others.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr std::string_view kHttp11 = "http/1.1";

std::string reason_of_openssl() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "OpenSSL cannot use it" : reason;
}

[[noreturn]] void throw_unusable(const std::string& what, const std::string& file,
                                 const std::string& why) {
  throw Error(ErrorCode::InvalidParameterValue, what + " " + file + ": " + why);
}

// Tells what OpenSSL does not: which file cannot be opened, and why.
void check_readable(const std::string& what, const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat found {};
  if (fd < 0 || ::fstat(fd, &found) != 0) {
    std::string why = std::generic_category().message(errno);
    if (errno == EACCES) {
      why += " (the user of this process, " + std::to_string(::geteuid()) +
             ", needs the right to read it and to pass its folders)";
    }
    if (fd >= 0) ::close(fd);
    throw_unusable(what, file, why);
  }
  ::close(fd);
  if (!S_ISREG(found.st_mode)) throw_unusable(what, file, "it is not a regular file");
}

// Who starts a server may not be there to type a passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  for (unsigned int at = 0; at < offered_size; at += 1U + offered[at]) {
    const std::string_view name(reinterpret_cast<const char*>(offered) + at + 1, offered[at]);
    if (name != kHttp11) continue;
    *chosen = offered + at + 1;
    *size = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_up(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kCiphers);
  SSL_CTX_set1_groups_list(context, kGroups);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  // Sessions go on by tickets, which take no memory here.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  static constexpr std::array<unsigned char, 8> kName{'m', 'i', 'l', 'l', 'r', 'a', 'c', 'e'};
  SSL_CTX_set_session_id_context(context, kName.data(), kName.size());
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

void use_client_ca(SSL_CTX* context, const std::string& file) {
  const std::string what = "--ssl-ca-certs";
  check_readable(what, file);
  if (SSL_CTX_load_verify_file(context, file.c_str()) != 1)
    throw_unusable(what, file, "no certificates in PEM form (" + reason_of_openssl() + ")");
  SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(file.c_str()));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

std::shared_ptr<SSL_CTX> read_files(const TlsFiles& files) {
  ERR_clear_error();
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr) throw std::bad_alloc();
  set_up(context.get());
  check_readable("--ssl-certfile", files.certificate);
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    throw_unusable("--ssl-certfile", files.certificate,
                   "no usable certificate in PEM form (" + reason_of_openssl() + ")");
  }
  const std::string what = files.key.empty() ? "--ssl-certfile" : "--ssl-keyfile";
  const std::string& key = files.key.empty() ? files.certificate : files.key;
  check_readable(what, key);
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw_unusable(what, key,
                   "no usable private key in PEM form, without a passphrase, that is of the "
                   "certificate (" +
                       reason_of_openssl() + ")");
  }
  if (!files.client_ca.empty()) use_client_ca(context.get(), files.client_ca);
  return context;
}

std::string stamp(const std::string& file) {
  struct stat found {};
  if (file.empty() || ::stat(file.c_str(), &found) != 0) return "-";
  std::string text;
  for (const auto number :
       {static_cast<long long>(found.st_dev), static_cast<long long>(found.st_ino),
        static_cast<long long>(found.st_size), static_cast<long long>(found.st_mtim.tv_sec),
        static_cast<long long>(found.st_mtim.tv_nsec)}) {
    text += std::to_string(number) + " ";
  }
  return text;
}

}  // namespace

TlsIdentity::TlsIdentity(TlsFiles files) : files_(std::move(files)) { renew(); }

void TlsIdentity::renew() {
  {
    const std::lock_guard lock(mutex_);
    stamps_.clear();
  }
  // Before the files are read: what changes meanwhile is seen afterwards.
  std::string found = stamps();
  Context read = read_files(files_);
  const std::lock_guard lock(mutex_);
  context_ = std::move(read);
  stamps_ = std::move(found);
}

bool TlsIdentity::is_outdated() const {
  const std::string found = stamps();
  const std::lock_guard lock(mutex_);
  return found != stamps_;
}

std::string TlsIdentity::stamps() const {
  return stamp(files_.certificate) + stamp(files_.key) + stamp(files_.client_ca);
}

TlsIdentity::Context TlsIdentity::current() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

std::unique_ptr<TlsSession> TlsIdentity::begin(int fd) const {
  return std::make_unique<TlsSession>(current().get(), fd);
}

std::vector<std::string> TlsIdentity::doubts() const {
  std::vector<std::string> found;
  const Context context = current();
  const X509* certificate = SSL_CTX_get0_certificate(context.get());
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
    found.push_back("the certificate in " + files_.certificate + " has expired");
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
    found.push_back("the certificate in " + files_.certificate + " is not valid yet");
  const std::string& key = files_.key.empty() ? files_.certificate : files_.key;
  struct stat mode {};
  if (::stat(key.c_str(), &mode) == 0 && (mode.st_mode & S_IROTH) != 0)
    found.push_back("everybody on this machine may read the private key in " + key);
  return found;
}

}  // namespace millrace
