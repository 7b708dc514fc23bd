#include "store/db/sqlite/uri.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "store/common/error.h"

namespace millrace {
namespace {

constexpr std::string_view kForms =
    "the forms are sqlite:///relative/file.db and sqlite:////absolute/file.db.";

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

}  // namespace

std::string sqlite_location(std::string_view uri) {
  const std::size_t colon = uri.find("://");
  const std::string_view scheme = uri.substr(0, colon);
  if (colon == std::string_view::npos || scheme.substr(0, scheme.find('+')) != "sqlite") {
    throw_invalid_parameter("The database URI is not a SQLite one; " + std::string(kForms));
  }
  std::string_view rest = uri.substr(colon + 3);
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) check_options(rest.substr(question + 1));
  rest = rest.substr(0, question);
  if (rest.empty() || rest == "/" || rest == "/:memory:") {
    throw_invalid_parameter("A SQLite database in memory is not supported; " + std::string(kForms));
  }
  if (rest.front() != '/') {
    throw_invalid_parameter("A SQLite database URI has no host; " + std::string(kForms));
  }
  const std::string_view name = rest.substr(1);
  if (name.find('"') != std::string_view::npos || name.find('\0') != std::string_view::npos) {
    throw_invalid_parameter("The path of a SQLite database must not hold a double quote or NUL.");
  }
  return std::filesystem::absolute(name).string();
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
