#include "store/db/database_uri.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "store/common/error.h"
#include "store/text/ascii.h"
#include "store/text/percent_decoding.h"

namespace millrace {
namespace {

constexpr std::string_view kForms =
    "the forms are sqlite:///file.db, mysql://user:password@host:3306/database (also "
    "mysql+pymysql, mysql+mysqldb, mysql+mysqlconnector, and mariadb for mysql) and "
    "postgresql://user:password@host:5432/database (also postgresql+psycopg2, "
    "postgresql+psycopg, postgres).";

struct Scheme {
  std::string_view name;
  std::string_view default_driver;
  Dialect dialect;
};

constexpr std::array<Scheme, 4> kSchemes{{{"mysql", "mysqldb", Dialect::Mysql},
                                          {"mariadb", "mysqldb", Dialect::Mysql},
                                          {"postgresql", "psycopg2", Dialect::Postgresql},
                                          {"postgres", "psycopg2", Dialect::Postgresql}}};

constexpr std::array<std::string_view, 3> kMysqlDrivers{"pymysql", "mysqldb", "mysqlconnector"};
constexpr std::array<std::string_view, 2> kPostgresqlDrivers{"psycopg2", "psycopg"};

[[noreturn]] void refuse(const std::string& problem) {
  throw_invalid_parameter("Bad database URI: " + problem);
}

// As Python's unquote_plus, which parse_qsl applies to names and values.
std::string decoded_in_query(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return unquote(spaced);
}

// What stands before the first of `ends`, and is taken from `text`.
std::string_view take_until(std::string_view& text, std::string_view ends) {
  const std::string_view result = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(result.size());
  return result;
}

struct UserInfo {
  std::string_view user;
  std::optional<std::string_view> password;
  std::string_view rest;  // after the at sign
};

// SQLAlchemy's `(?:(?P<username>[^:/]*)(?::(?P<password>[^@]*))?@)?`: a user name ends at the first
// colon, a password at the first at sign, and may hold slashes and question marks.
std::optional<UserInfo> user_info(std::string_view text) {
  const std::size_t end = text.find_first_of(":/");
  if (end != std::string_view::npos && text[end] == ':') {
    const std::size_t at = text.find('@', end);
    if (at != std::string_view::npos) {
      return UserInfo{text.substr(0, end), text.substr(end + 1, at - end - 1), text.substr(at + 1)};
    }
  }
  const std::size_t at = text.substr(0, end).rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  return UserInfo{text.substr(0, at), std::nullopt, text.substr(at + 1)};
}

int parse_port(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) {
    // Not repeated: where an at sign is missing, this is the password.
    refuse("the port is no number from 1 to 65535.");
  }
  return port;
}

// Takes "host:port" from the front of `text`.
void parse_host(std::string_view& text, DatabaseUri& result) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find_first_of("]/?");
    if (close == std::string_view::npos || text[close] != ']')
      refuse("the host begins with '[' and has no ']'.");
    result.host = std::string(text.substr(1, close - 1));
    text.remove_prefix(close + 1);
    if (!text.empty() && text.find_first_of(":/?") != 0) {
      refuse("something follows after the ']' of the host.");
    }
  } else {
    const std::string_view host = take_until(text, ":/?");
    if (host.find('@') != std::string_view::npos) {
      refuse(
          "there is more than one '@' before the host; write %40 for one that belongs to the "
          "user or the password.");
    }
    result.host = std::string(host);
  }
  if (text.starts_with(':')) {
    text.remove_prefix(1);
    const std::string_view port = take_until(text, "/?");
    if (!port.empty()) result.port = parse_port(port);
  }
}

void parse_options(std::string_view query, DatabaseUri& result) {
  while (!query.empty()) {
    const std::string_view option = take_until(query, "&");
    if (!query.empty()) query.remove_prefix(1);
    if (option.empty()) continue;
    const std::size_t equals = option.find('=');
    result.options.emplace_back(
        decoded_in_query(option.substr(0, equals)),
        equals == std::string_view::npos ? "" : decoded_in_query(option.substr(equals + 1)));
  }
}

// The values of an option that a member takes over, in order. SQLAlchemy drops empty ones.
std::vector<std::string> take_option(DatabaseUri& uri, std::string_view name) {
  std::vector<std::string> values;
  std::erase_if(uri.options, [&](auto& option) {
    if (option.first != name) return false;
    if (!option.second.empty()) values.push_back(std::move(option.second));
    return true;
  });
  return values;
}

// Options go before what stands in front of the question mark, as in SQLAlchemy.
void take_text(DatabaseUri& uri, std::string_view name, std::string& target) {
  std::vector<std::string> values = take_option(uri, name);
  if (values.size() > 1) refuse("the option '" + std::string(name) + "' is given twice.");
  if (!values.empty()) target = std::move(values.front());
}

// `host=a:5432&host=b:5433`, or one option with commas.
void take_hosts(DatabaseUri& uri) {
  const std::vector<std::string> values = take_option(uri, "host");
  if (values.empty()) return;
  std::string hosts, ports;
  bool any_port = false;
  for (const std::string& value : values) {
    for (std::string_view rest = value;;) {
      const std::string_view one = take_until(rest, ",");
      // More than one colon is an IPv6 address; a folder of sockets has no port.
      const std::size_t colon = one.starts_with('/') ? std::string_view::npos : one.find(':');
      const bool has_port = colon != std::string_view::npos && one.rfind(':') == colon;
      const std::string_view host = has_port ? one.substr(0, colon) : one;
      const std::string_view port = has_port ? one.substr(colon + 1) : "";
      if (!hosts.empty() || !ports.empty()) {
        hosts += ',';
        ports += ',';
      }
      hosts += host;
      if (!port.empty()) {
        ports += std::to_string(parse_port(port));
        any_port = true;
      }
      if (rest.empty()) break;
      rest.remove_prefix(1);
    }
  }
  uri.host = hosts;
  if (any_port) uri.ports = ports;
}

void take_members(DatabaseUri& uri) {
  if (uri.dialect == Dialect::Mysql) {
    take_text(uri, "unix_socket", uri.socket);
    return;
  }
  take_hosts(uri);
  take_text(uri, "user", uri.user);
  take_text(uri, "password", uri.password);
  take_text(uri, "dbname", uri.database);
  std::string port;
  take_text(uri, "port", port);
  if (!port.empty() && !uri.ports.empty()) {
    refuse("ports are given in 'host' and in 'port'.");
  }
  if (port.find(',') != std::string::npos) {
    uri.ports = port;
  } else if (!port.empty()) {
    uri.port = parse_port(port);
  }
}

// NUL would cut a text short on its way to the client library.
void check_texts(const DatabaseUri& uri) {
  const auto check = [](std::string_view what, const std::string& text) {
    if (text.find('\0') != std::string::npos) refuse("the " + std::string(what) + " holds a NUL.");
  };
  check("user", uri.user);
  check("password", uri.password);
  check("host", uri.host);
  check("socket", uri.socket);
  check("database", uri.database);
  for (const auto& [name, value] : uri.options) check("query", name + value);
}

Scheme parse_scheme(std::string_view scheme, std::string& driver) {
  const std::string_view name = scheme.substr(0, scheme.find('+'));
  const auto found = std::find_if(kSchemes.begin(), kSchemes.end(),
                                  [name](const Scheme& known) { return known.name == name; });
  if (found == kSchemes.end()) refuse("the scheme is not known; " + std::string(kForms));
  driver = name.size() == scheme.size() ? found->default_driver : scheme.substr(name.size() + 1);
  const bool known =
      found->dialect == Dialect::Mysql
          ? std::find(kMysqlDrivers.begin(), kMysqlDrivers.end(), driver) != kMysqlDrivers.end()
          : std::find(kPostgresqlDrivers.begin(), kPostgresqlDrivers.end(), driver) !=
                kPostgresqlDrivers.end();
  if (!known) {
    refuse("the driver '" + driver + "' of " + std::string(name) + " is not supported; " +
           std::string(kForms));
  }
  return *found;
}

bool is_secret(const std::string& option) {
  const std::string name = ascii_lower(option);
  for (const std::string_view word : {"pass", "pw", "secret", "token"}) {
    if (name.find(word) != std::string::npos) return true;
  }
  return false;
}

std::string query_without_passwords(std::string_view query) {
  std::string result;
  while (!query.empty()) {
    const std::string_view option = take_until(query, "&");
    const std::size_t equals = option.find('=');
    if (equals != std::string_view::npos && is_secret(decoded_in_query(option.substr(0, equals)))) {
      result.append(option.substr(0, equals)).append("=***");
    } else {
      result += option;
    }
    if (!query.empty()) {
      result += '&';
      query.remove_prefix(1);
    }
  }
  return result;
}

// What stands before a question mark, and the options behind it without passwords.
std::string with_hidden_options(std::string_view text) {
  const std::size_t end = std::min(text.find('?'), text.size() - 1) + 1;
  return std::string(text.substr(0, end)) + query_without_passwords(text.substr(end));
}

}  // namespace

DatabaseUri parse_database_uri(std::string_view uri) {
  const std::size_t colon = uri.find("://");
  if (colon == std::string_view::npos) refuse("it has no '://'; " + std::string(kForms));
  const std::string_view scheme = uri.substr(0, colon);
  DatabaseUri result;
  if (scheme == "sqlite" || scheme.starts_with("sqlite+")) {
    result.database = uri;
    return result;
  }
  result.dialect = parse_scheme(scheme, result.driver).dialect;
  std::string_view rest = uri.substr(colon + 3);
  if (const auto info = user_info(rest)) {
    result.user = unquote(info->user);
    result.password = unquote(info->password.value_or(""));
    rest = info->rest;
  }
  parse_host(rest, result);
  if (rest.starts_with('/')) {
    rest.remove_prefix(1);
    result.database = unquote(take_until(rest, "?"));
  }
  if (rest.starts_with('?')) parse_options(rest.substr(1), result);
  take_members(result);
  check_texts(result);
  if (result.database.empty() && result.dialect == Dialect::Mysql) {
    refuse("it names no database; " + std::string(kForms));
  }
  return result;
}

std::string with_option(std::string_view uri, std::string_view name, std::string_view value) {
  const std::size_t colon = uri.find("://");
  if (colon == std::string_view::npos) refuse("it has no '://'; " + std::string(kForms));
  std::string_view rest = uri.substr(colon + 3);
  if (const auto info = user_info(rest)) rest = info->rest;
  const std::size_t question = rest.find('?');
  std::string result(uri.substr(0, uri.size() - rest.size()));
  result.append(rest.substr(0, question)).append("?");
  std::string_view query = question == std::string_view::npos ? "" : rest.substr(question + 1);
  while (!query.empty()) {
    const std::string_view option = take_until(query, "&");
    if (!query.empty()) query.remove_prefix(1);
    if (decoded_in_query(option.substr(0, option.find('='))) != name) {
      result.append(option).append("&");
    }
  }
  return result.append(name).append("=").append(quote(value, "/-._~"));
}

std::string without_password(std::string_view uri) {
  const std::size_t colon = uri.find("://");
  if (colon == std::string_view::npos || uri.starts_with("sqlite")) return std::string(uri);
  std::string_view rest = uri.substr(colon + 3);
  std::string result(uri.substr(0, colon + 3));
  const std::size_t user_end = rest.find_first_of(":/");
  // To the last at sign, so that one that should have been encoded does not show what follows it.
  const std::size_t at = rest.rfind('@');
  if (at != std::string_view::npos && user_end < at && rest[user_end] == ':') {
    result.append(with_hidden_options(rest.substr(0, user_end))).append(":***");
    rest.remove_prefix(at);
  } else if (user_end != std::string_view::npos && rest[user_end] == ':' &&
             !rest.starts_with('[')) {
    std::string_view port = rest.substr(user_end + 1);
    std::string_view after = port;
    port = take_until(after, "/?");
    if (port.find_first_not_of("0123456789") != std::string_view::npos) {
      return result.append(with_hidden_options(rest.substr(0, user_end))).append(":***");
    }
  }
  return result.append(with_hidden_options(rest));
}

}  // namespace millrace
