#include "store/db/sqlite/uri.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "store/common/error.h"
#include "store/text/percent_decoding.h"

namespace millrace {
namespace {

constexpr std::string_view kSqliteForms =
    "the forms are sqlite:///relative/file.db, sqlite:////absolute/file.db and sqlite:///:memory:.";

// MLflow itself sets a time limit of its own after opening, and our sessions are never shared
// between threads, so these two change nothing.
constexpr std::array<std::string_view, 2> kHarmlessOptions{"timeout", "check_same_thread"};

void check_options(std::string_view query) {
  while (!query.empty()) {
    const std::string_view option = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), option.size() + 1));
    const std::string_view name = option.substr(0, option.find('='));
    if (name.empty()) continue;
    if (std::find(kHarmlessOptions.begin(), kHarmlessOptions.end(), name) ==
        kHarmlessOptions.end()) {
      throw_invalid_parameter("The option '" + std::string(name) +
                              "' of a SQLite database URI is not supported.");
    }
  }
}

bool is_sqlite_scheme(std::string_view uri) {
  const std::size_t colon = uri.find("://");
  const std::string_view scheme = uri.substr(0, colon);
  return colon != std::string_view::npos && scheme.substr(0, scheme.find('+')) == "sqlite";
}

// What a URI may mean by its path.
struct SqliteName {
  std::string decoded;
  std::string written;  // with its percent escapes

  bool in_memory() const { return decoded.empty() || decoded == ":memory:"; }
};

SqliteName parse_sqlite_uri(std::string_view uri) {
  if (!is_sqlite_scheme(uri)) {
    throw_invalid_parameter("The database URI is not a SQLite one; " + std::string(kSqliteForms));
  }
  std::string_view rest = uri.substr(uri.find("://") + 3);
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) check_options(rest.substr(question + 1));
  rest = rest.substr(0, question);
  if (!rest.empty() && rest.front() != '/') {
    throw_invalid_parameter("A SQLite database URI has no host; " + std::string(kSqliteForms));
  }
  if (!rest.empty()) rest.remove_prefix(1);
  SqliteName name{unquote(rest), std::string(rest)};
  for (const char c : {'"', '\0'}) {
    if ((name.decoded + name.written).find(c) != std::string::npos) {
      throw_invalid_parameter("The path of a SQLite database must not hold a double quote or NUL.");
    }
  }
  return name;
}

enum class Presence { There, Absent, Unknown };

// What cannot be looked at, as in a folder that may not be entered, is not taken for absent.
Presence presence_of(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  switch (status.type()) {
    case std::filesystem::file_type::none:
      return Presence::Unknown;
    case std::filesystem::file_type::not_found:
    case std::filesystem::file_type::directory:
      return Presence::Absent;
    default:
      return Presence::There;
  }
}

// Whether the file to open is the one that has the escapes in its name.
bool is_as_written(const SqliteName& name) {
  return name.decoded != name.written && presence_of(name.decoded) == Presence::Absent &&
         presence_of(name.written) != Presence::Absent;
}

std::string absolute_path(const std::string& name) {
  return std::filesystem::absolute(name).string();
}

}  // namespace

bool is_sqlite_memory(std::string_view uri) {
  return is_sqlite_scheme(uri) && parse_sqlite_uri(uri).in_memory();
}

std::string sqlite_location(std::string_view uri) {
  const SqliteName name = parse_sqlite_uri(uri);
  if (name.in_memory()) throw_invalid_parameter("A SQLite database in memory has no file.");
  return absolute_path(is_as_written(name) ? name.written : name.decoded);
}

std::string sqlite_uri_notice(std::string_view uri) {
  const SqliteName name = parse_sqlite_uri(uri);
  if (name.in_memory() || name.decoded == name.written) return "";
  const std::string decoded = absolute_path(name.decoded);
  const std::string written = absolute_path(name.written);
  if (is_as_written(name)) {
    return written + " is opened, as by MLflow with a SQLAlchemy before 2.1. A newer one opens " +
           decoded + ", which is not there: rename the file, with no server running.";
  }
  if (presence_of(name.written) == Presence::Absent) return "";
  return decoded + " is opened, and there is " + written +
         " too, which MLflow with a SQLAlchemy before 2.1, and an older Millrace, open by the same "
         "URI: look which of them has your data.";
}

std::string sqlite_path(std::string_view uri) {
  const std::filesystem::path path = sqlite_location(uri);
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    throw Error(ErrorCode::InternalError, "Cannot create the folder of the database " +
                                              path.string() + ": " + error.message());
  }
  return path.string();
}

}  // namespace millrace
