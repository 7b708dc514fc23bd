// Takes any bytes as a database URI: no message and no log shows a password (s3cr3t), and an option
// that is added is found again.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "store/common/error.h"
#include "store/db/connection_options.h"
#include "store/db/database_uri.h"
#include "store/db/sqlite/uri.h"
#include "store/fuzz/fuzzing.h"

namespace {

using namespace millrace;
using fuzzing::require;

constexpr std::string_view kSecret = "s3cr3t";

bool tells(std::string_view text) { return text.find(kSecret) != std::string_view::npos; }

// The secret stands where only a password can: not in a name, nor in what is meant to be seen.
bool is_only_password(const DatabaseUri& uri) {
  const auto seen = {&uri.driver, &uri.user, &uri.host, &uri.ports, &uri.socket, &uri.database};
  return tells(uri.password) &&
         std::none_of(seen.begin(), seen.end(), [](const auto* text) { return tells(*text); }) &&
         std::none_of(uri.options.begin(), uri.options.end(), [](const auto& option) {
           return tells(option.first) || tells(option.second);
         });
}

void check_added_option(std::string_view uri, std::string_view value) {
  // SQLAlchemy looks for a password there, when no slash stands before it any more.
  if (uri.find_first_of(":@", std::min(uri.find('?'), uri.size())) != std::string_view::npos)
    return;
  const DatabaseUri found = parse_database_uri(with_option(uri, "application_name", value));
  if (found.dialect == Dialect::Sqlite) return;
  std::size_t count = 0;
  for (const auto& [name, text] : found.options) {
    if (name != "application_name") continue;
    require(text == value);
    ++count;
  }
  require(count == 1);
}

void check_messages(std::string_view uri, const DatabaseUri& parsed) {
  const bool secret = is_only_password(parsed);
  require(!secret || !tells(without_password(uri)));
  try {
    check_database_uri(uri);
  } catch (const Error& error) {
    require(!secret || !tells(error.message()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view uri = fuzzing::text_of(data, size);
  without_password(uri);
  try {
    check_messages(uri, parse_database_uri(uri));
    check_added_option(uri, "a b&=%+/?@");
  } catch (const Error& error) {
    // Not even where the password is no longer told from the rest.
    const std::size_t secret = uri.find(kSecret);
    const bool in_userinfo = secret != std::string_view::npos && uri.find("://") < secret &&
                             uri.find('?') > secret && uri.rfind(kSecret) == secret;
    require(!in_userinfo || !tells(error.message()));
  }
  try {
    require(sqlite_location(uri).starts_with('/'));
    sqlite_uri_notice(uri);
  } catch (const Error&) {
  }
  return 0;
}
