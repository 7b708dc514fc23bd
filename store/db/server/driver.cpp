#include "store/db/server/driver.h"

#include <dlfcn.h>

#include <charconv>
#include <filesystem>

#include "store/db/connection_options.h"

namespace millrace {
namespace {

template <class Number>
Number parse(const char* text, std::size_t size) {
  Number number{};
  const char* begin = size > 0 && *text == '+' ? text + 1 : text;
  const auto [end, error] = std::from_chars(begin, text + size, number);
  if (error != std::errc() || end == begin) {
    throw Error(ErrorCode::InternalError, "The database gave text where a number is expected.");
  }
  return number;
}

ServerAddress address_of(const DatabaseUri& uri) {
  if (uri.dialect == Dialect::Postgresql) return {uri, postgresql_connect_string(uri), false};
  MysqlConnection connection = mysql_connection(uri);
  return {uri, std::move(connection.connect_string), connection.must_be_encrypted};
}

}  // namespace

void set_cell(Session::Cell& cell, Session::ColumnType type, const char* text, std::size_t size) {
  cell.null = text == nullptr;
  if (cell.null) return;
  switch (type) {
    case Session::ColumnType::Text:
      cell.text = {text, size};
      break;
    case Session::ColumnType::Integer:
      if (size == 1 && (*text == 't' || *text == 'f')) {
        cell.integer = *text == 't' ? 1 : 0;
      } else {
        cell.integer = parse<long long>(text, size);
      }
      break;
    case Session::ColumnType::Real:
      cell.real = parse<double>(text, size);
      break;
  }
}

void check_columns(std::size_t given, std::size_t wanted) {
  if (given != wanted) {
    throw Error(ErrorCode::InternalError, "A statement was used with the wrong number of columns.");
  }
}

std::unique_ptr<ServerDriver> open_server_driver(const DatabaseUri& uri) {
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
  return open(address_of(uri));
}

std::unique_ptr<Administration> open_administration(const DatabaseUri& uri) {
  return open_server_driver(uri)->administration();
}

}  // namespace millrace
