#include <optional>

#include "store/common/error.h"
#include "store/db/connection_options.h"
#include "store/db/option_reader.h"

namespace millrace {
namespace {

constexpr int kMostSeconds = 31'536'000;
// The client library writes the host into a buffer of fixed size.
constexpr std::size_t kLongestHost = 255;

enum class Tls { Off, Preferred, Required, VerifyCa, VerifyIdentity };

struct TlsOptions {
  Tls mode = Tls::Preferred;
  std::optional<std::string> ca, ca_folder, cert, key, key_password, cipher;

  bool verifies() const { return mode == Tls::VerifyCa || mode == Tls::VerifyIdentity; }
};

// What SQLAlchemy and the drivers make of their options in the absence of an explicit mode.
Tls implied_mode(OptionReader& options, const DatabaseUri& uri, const TlsOptions& tls) {
  const auto check_host = options.boolean("ssl_check_hostname");
  const auto verify_cert = options.boolean("ssl_verify_cert");
  const auto verify_identity = options.boolean("ssl_verify_identity");
  if (verify_cert == false && (verify_identity == true || check_host == true)) {
    options.refuse("ssl_verify_cert", "contradicts the check of the server's name");
  }
  if (verify_cert == false) return Tls::Required;
  const bool has_ca = tls.ca || tls.ca_folder;
  if (verify_identity) {
    if (*verify_identity) return Tls::VerifyIdentity;
  } else if (check_host) {
    if (*check_host) return Tls::VerifyIdentity;
  } else if (has_ca && uri.driver == "pymysql" && !verify_cert) {
    return Tls::VerifyIdentity;
  }
  if (has_ca || verify_cert) return Tls::VerifyCa;
  const bool mentioned =
      tls.cert || tls.key || tls.key_password || tls.cipher || verify_identity || check_host;
  return mentioned ? Tls::Required : Tls::Preferred;
}

TlsOptions read_tls(OptionReader& options, const DatabaseUri& uri) {
  TlsOptions tls;
  tls.ca = options.text("ssl_ca");
  tls.ca_folder = options.text("ssl_capath");
  tls.cert = options.text("ssl_cert");
  tls.key = options.text("ssl_key");
  tls.key_password = options.text("ssl_key_password");
  tls.cipher = options.text("ssl_cipher");
  tls.mode = implied_mode(options, uri, tls);
  if (tls.key_password && !tls.key) options.refuse("ssl_key_password", "needs ssl_key");

  const auto mode = options.word(
      "ssl_mode", {"disabled", "preferred", "required", "verify_ca", "verify_identity"});
  const auto disabled = options.boolean("ssl_disabled");
  if (mode == "disabled" || disabled == true) {
    const std::string_view name = disabled == true ? "ssl_disabled" : "ssl_mode";
    if (tls.mode != Tls::Preferred || (mode && mode != "disabled") || disabled == false) {
      options.refuse(name, "contradicts the other options of TLS");
    }
    tls.mode = Tls::Off;
  } else if (mode) {
    // An explicit mode stands above what the other options imply.
    tls.mode = mode == "preferred"   ? Tls::Preferred
               : mode == "required"  ? Tls::Required
               : mode == "verify_ca" ? Tls::VerifyCa
                                     : Tls::VerifyIdentity;
  }
  if (tls.mode == Tls::VerifyCa && !tls.ca && !tls.ca_folder) {
    options.refuse(mode ? "ssl_mode" : "ssl_verify_cert", "needs ssl_ca or ssl_capath");
  }
  return tls;
}

// Options whose meaning is ours already, or that would break what Millrace relies on.
void read_harmless(OptionReader& options) {
  // Python's side of the connection only.
  for (const char* name : {"use_pure", "buffered", "consume_results", "binary_prefix"}) {
    options.boolean(name);
  }
  if (options.boolean("use_unicode") == false) {
    options.refuse("use_unicode", "cannot be off: all text is UTF-8");
  }
  if (options.boolean("autocommit") == true) {
    options.refuse("autocommit", "cannot be on: every operation is one transaction");
  }
  for (const char* name : {"local_infile", "allow_local_infile"}) {
    if (options.boolean(name) == true) {
      options.refuse(name, "cannot be on: it lets the server read files of this machine");
    }
  }
  // All three name UTF-8 to a user; the narrower one of the server would lose characters.
  options.word("charset", {"utf8mb4", "utf8", "utf8mb3"});
}

// 'value' in SOCI's form.
std::string quoted_option(std::string_view value) {
  std::string result = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

class ConnectString {
 public:
  void add(std::string_view key, std::string_view value) {
    text_.append(text_.empty() ? "" : " ").append(key).append("=").append(quoted_option(value));
  }

  // An option of the client library, in its own connection string: key={value};
  void add_to_library(std::string_view name, std::string_view key, const std::string& value) {
    if (value.find('}') != std::string::npos) {
      throw_invalid_parameter("The " + std::string(name) +
                              " of a MySQL database URI cannot hold a '}'.");
    }
    library_.append(key).append("={").append(value).append("};");
  }
  void add_to_library(std::string_view name, std::string_view key,
                      const std::optional<std::string>& value) {
    if (value) add_to_library("option '" + std::string(name) + "'", key, *value);
  }

  std::string take() {
    add("host", library_);
    return std::move(text_);
  }

 private:
  std::string text_;
  std::string library_;
};

void add_address(const DatabaseUri& uri, ConnectString& result) {
  if (!uri.user.empty()) result.add("user", uri.user);
  if (!uri.password.empty()) result.add("password", uri.password);
  result.add("dbname", uri.database);
  if (!uri.socket.empty()) {  // comes before a host, as in the drivers
    result.add("unix_socket", uri.socket);
    return;
  }
  if (uri.host.size() > kLongestHost) {
    throw_invalid_parameter("The host of a MySQL database URI is too long.");
  }
  if (!uri.host.empty()) result.add_to_library("host", "host", uri.host);
  if (uri.port != 0) result.add("port", std::to_string(uri.port));
  // The library takes its default socket for "localhost", as mysqlclient does; the other two
  // drivers connect by TCP.
  if (uri.driver != "mysqldb") result.add_to_library("driver", "protocol", std::string("1"));
}

bool by_socket(const DatabaseUri& uri) {
  return !uri.socket.empty() ||
         (uri.driver == "mysqldb" && (uri.host.empty() || uri.host == "localhost"));
}

void add_tls(const TlsOptions& tls, ConnectString& result) {
  if (tls.mode == Tls::Off) return;
  result.add_to_library("driver", "ssl-enforce", std::string("1"));
  // The library checks a certificate as soon as it has an authority.
  if (tls.verifies()) {
    result.add_to_library("ssl_ca", "ssl-ca", tls.ca);
    result.add_to_library("ssl_capath", "ssl-capath", tls.ca_folder);
  }
  result.add_to_library("ssl_cert", "ssl-cert", tls.cert);
  result.add_to_library("ssl_key", "ssl-key", tls.key);
  result.add_to_library("ssl_key_password", "ssl-passphrase", tls.key_password);
  result.add_to_library("ssl_cipher", "ssl-cipher", tls.cipher);
  if (tls.mode == Tls::VerifyIdentity) {
    result.add_to_library("driver", "ssl-verify-server-cert", std::string("1"));
  }
}

void add_seconds(OptionReader& options, const char* name, ConnectString& result) {
  if (const auto seconds = options.integer(name, 1, kMostSeconds)) {
    result.add(name, std::to_string(*seconds));
  }
}

}  // namespace

MysqlConnection mysql_connection(const DatabaseUri& uri) {
  OptionReader options(uri, "MySQL");
  ConnectString result;
  add_address(uri, result);
  result.add("charset", "utf8mb4");
  read_harmless(options);

  const auto timeout = options.integer("connect_timeout", 1, kMostSeconds);
  const auto other_timeout = options.integer("connection_timeout", 1, kMostSeconds);
  if (timeout && other_timeout) options.refuse("connection_timeout", "is given twice");
  result.add("connect_timeout",
             std::to_string(timeout.value_or(other_timeout.value_or(kConnectSeconds))));
  add_seconds(options, "read_timeout", result);
  add_seconds(options, "write_timeout", result);

  // A server may ask for a file of this machine in answer to any statement.
  result.add_to_library("driver", "local-infile", std::string("0"));
  if (options.boolean("compress").value_or(false)) {
    result.add_to_library("driver", "compress", std::string("1"));
  }
  result.add_to_library("init_command", "init-command", options.text("init_command"));
  result.add_to_library("auth_plugin", "default-auth", options.text("auth_plugin"));

  const TlsOptions tls = read_tls(options, uri);
  options.finish();
  // Nobody listens on a socket of this machine, so nothing is encrypted there without need.
  if (tls.mode != Tls::Preferred || !by_socket(uri)) add_tls(tls, result);
  return {result.take(), tls.mode != Tls::Off && tls.mode != Tls::Preferred};
}

}  // namespace millrace
