#include "store/tracking/registries.h"

#include <utility>

#include "store/db/connection_options.h"
#include "store/db/sqlite/uri.h"

namespace millrace::tracking {
namespace {

constexpr std::size_t kMostBytes = 255;  // of the column, in characters

std::string server_place(const DatabaseUri& uri) {
  std::string place = uri.dialect == Dialect::Mysql ? "mysql://" : "postgresql://";
  place += uri.host.find(':') == std::string::npos ? uri.host : "[" + uri.host + "]";
  if (!uri.ports.empty()) {
    place += ":" + uri.ports;
  } else if (uri.port != 0) {
    place += ":" + std::to_string(uri.port);
  }
  place += uri.socket + "/" + uri.database;
  // Only libpq knows what stands in the file of services.
  const std::string service = libpq_service(uri);
  return service.empty() ? place : place + " (service " + service + ")";
}

std::string sqlite_place(const std::string& uri) {
  return is_sqlite_memory(uri) ? kSqliteMemory : "sqlite:///" + sqlite_location(uri);
}

}  // namespace

std::string registry_place(const std::string& uri) {
  const DatabaseUri parsed = parse_database_uri(uri);
  std::string place = parsed.dialect == Dialect::Sqlite
                          ? sqlite_place(uri)
                          : server_place(with_libpq_variables(parsed));
  if (place.size() > kMostBytes) {
    place.resize(kMostBytes);
    // Not in the middle of a character.
    while (!place.empty() && (static_cast<unsigned char>(place.back()) & 0xC0U) == 0x80U)
      place.pop_back();
    if (!place.empty() && static_cast<unsigned char>(place.back()) >= 0xC0U) place.pop_back();
  }
  return place;
}

void record_registry(Work& work, const std::string& place) {
  work.execute(insert_missing(work.dialect(), "millrace_registries", {"place"}, 1), {place});
}

std::vector<std::string> recorded_registries(Work& work) {
  std::vector<std::string> places;
  work.each<std::string>("SELECT r.place FROM millrace_registries r ORDER BY r.place", {},
                         [&](std::string place) { places.push_back(std::move(place)); });
  return places;
}

}  // namespace millrace::tracking
