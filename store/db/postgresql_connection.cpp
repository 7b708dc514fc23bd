#include <climits>
#include <cstdlib>

#include "store/db/connection_options.h"
#include "store/db/option_reader.h"
#include "store/text/ascii.h"

namespace millrace {
namespace {

std::string libpq_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

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
  const auto timeout = options.integer("connect_timeout", 0, INT_MAX);
  if (timeout || libpq_variable("PGCONNECT_TIMEOUT").empty()) {
    add(result, "connect_timeout", std::to_string(timeout.value_or(kConnectSeconds)));
  }
  const auto number = [&](const char* name, int usual) {
    add(result, name, std::to_string(options.integer(name, 0, INT_MAX).value_or(usual)));
  };
  number("keepalives_idle", kKeepAliveSeconds);
  number("keepalives_interval", kKeepAliveInterval);
  number("keepalives_count", kKeepAliveCount);
  number("tcp_user_timeout", kUnansweredMilliseconds);
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

void take_variable(const char* name, std::string& target) {
  if (target.empty()) target = libpq_variable(name);
}

}  // namespace

std::string libpq_service(const DatabaseUri& uri) {
  if (uri.dialect != Dialect::Postgresql) return "";
  std::string service;
  for (const auto& [name, value] : uri.options) {
    if (name == "service") service = value;
  }
  take_variable("PGSERVICE", service);
  return service;
}

DatabaseUri with_libpq_variables(DatabaseUri uri) {
  if (uri.dialect != Dialect::Postgresql || !libpq_service(uri).empty()) return uri;
  take_variable("PGHOST", uri.host);
  if (uri.port == 0) take_variable("PGPORT", uri.ports);
  take_variable("PGUSER", uri.user);
  take_variable("PGDATABASE", uri.database);
  if (uri.database.empty()) uri.database = uri.user;
  return uri;
}

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
