#include <climits>

#include "store/db/connection_options.h"
#include "store/db/option_reader.h"
#include "store/text/ascii.h"

namespace millrace {
namespace {

// keyword='value' in libpq's form.
void add(std::string& result, std::string_view keyword, std::string_view value) {
  if (value.empty()) return;
  result.append(result.empty() ? "" : " ").append(keyword).append("='");
  for (const char c : value) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  result += '\'';
}

void add_address(const DatabaseUri& uri, std::string& result) {
  add(result, "host", uri.host);
  add(result, "port", uri.port != 0 ? std::to_string(uri.port) : uri.ports);
  add(result, "user", uri.user);
  add(result, "password", uri.password);
  add(result, "dbname", uri.database);
}

void add_words(OptionReader& options, std::string& result) {
  const auto word = [&](std::string_view name, std::initializer_list<std::string_view> words) {
    add(result, name, options.word(name, words).value_or(""));
  };
  word("sslmode", {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"});
  word("gssencmode", {"disable", "prefer", "require"});
  word("channel_binding", {"disable", "prefer", "require"});
  // Not read-only nor standby: there nothing can be written.
  word("target_session_attrs", {"any", "read-write", "primary", "prefer-standby"});
  word("sslcompression", {"0", "1"});
  word("sslsni", {"0", "1"});
  word("keepalives", {"0", "1"});
}

void add_numbers(OptionReader& options, std::string& result) {
  // libpq takes one second for two.
  const int timeout = options.integer("connect_timeout", 0, INT_MAX).value_or(kConnectSeconds);
  add(result, "connect_timeout", std::to_string(timeout));
  for (const char* name :
       {"keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"}) {
    if (const auto number = options.integer(name, 0, INT_MAX)) {
      add(result, name, std::to_string(*number));
    }
  }
}

void add_texts(OptionReader& options, std::string& result) {
  for (const char* name :
       {"hostaddr", "passfile", "service", "application_name", "fallback_application_name",
        "options", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslcrldir",
        "ssl_min_protocol_version", "ssl_max_protocol_version", "requirepeer", "krbsrvname",
        "gsslib"}) {
    if (const auto value = options.text(name)) {
      add(result, name, *value);
    } else if (name == std::string_view("fallback_application_name")) {
      add(result, name, "millrace");
    }
  }
}

}  // namespace

std::string postgresql_connect_string(const DatabaseUri& uri) {
  OptionReader options(uri, "PostgreSQL");
  std::string result;
  add_address(uri, result);
  options.word("client_encoding", {"utf8", "utf-8", "unicode"});
  add(result, "client_encoding", "UTF8");
  add_words(options, result);
  add_numbers(options, result);
  add_texts(options, result);
  options.finish();
  return result;
}

}  // namespace millrace
