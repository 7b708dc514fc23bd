#include "store/db/server/driver.h"

#include <dlfcn.h>

#include <filesystem>

#include "store/db/connection_options.h"

namespace millrace {
namespace {

ServerAddress address_of(const DatabaseUri& uri, std::chrono::milliseconds statement_timeout) {
  if (uri.dialect == Dialect::Postgresql) {
    return {uri, postgresql_connect_string(uri), false, statement_timeout};
  }
  MysqlConnection connection = mysql_connection(uri);
  return {uri, std::move(connection.connect_string), connection.must_be_encrypted,
          statement_timeout};
}

}  // namespace

std::unique_ptr<ServerDriver> open_server_driver(const DatabaseUri& uri,
                                                 std::chrono::milliseconds statement_timeout) {
  const bool mysql = uri.dialect == Dialect::Mysql;
  const std::string name = mysql ? "libmillrace_mysql.so" : "libmillrace_postgresql.so";
  const std::filesystem::path folder =
      std::filesystem::read_symlink("/proc/self/exe").parent_path();
  // Never closed: what it made, and its exceptions, may outlive every driver.
  void* module = dlopen((folder / name).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    throw Error(ErrorCode::InvalidState,
                "The module for this kind of database cannot be loaded: " + std::string(dlerror()));
  }
  const auto open = reinterpret_cast<OpenServerDriver>(dlsym(module, kOpenServerDriver));
  if (open == nullptr) {
    throw Error(ErrorCode::InvalidState, "The module " + name + " is of another Millrace.");
  }
  return open(address_of(uri, statement_timeout));
}

}  // namespace millrace
