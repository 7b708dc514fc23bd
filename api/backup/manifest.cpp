#include "api/backup/manifest.h"

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <climits>
#include <ctime>
#include <limits>

#include "api/json/reader.h"
#include "api/json/writer.h"
#include "store/common/error.h"

namespace millrace {
namespace {

constexpr std::int64_t kFormat = 1;

[[noreturn]] void throw_no_manifest(const std::string& why) {
  throw Error(ErrorCode::InvalidState, "It is no backup of Millrace's: " + why);
}

const Json& member_of(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (found == object.end()) throw_no_manifest(std::string("its manifest lacks '") + name + "'.");
  return *found;
}

std::string text_of(const Json& object, const char* name) {
  const Json& value = member_of(object, name);
  if (!value.is_string()) throw_no_manifest(std::string("'") + name + "' is no text.");
  return value.get<std::string>();
}

// Up to 2^53, as other readers of JSON take it, and so that sums do not overflow.
std::uint64_t number_of(const Json& object, const char* name) {
  const Json& value = member_of(object, name);
  constexpr std::int64_t kMost = std::int64_t{1} << 53U;
  const std::int64_t number = value.is_number_integer() ? value.get<std::int64_t>() : -1;
  if (number < 0 || number > kMost) {
    throw_no_manifest(std::string("'") + name + "' is no number.");
  }
  return static_cast<std::uint64_t>(number);
}

const Json& list_of(const Json& object, const char* name) {
  const Json& value = member_of(object, name);
  if (!value.is_array()) throw_no_manifest(std::string("'") + name + "' is no list.");
  return value;
}

void require_known(const std::string& member, std::string_view one, std::string_view other) {
  if (member != one && member != other) {
    throw_no_manifest("its manifest lists '" + member + "', which is not known here.");
  }
}

template <class Item>
void require_single(const std::vector<Item>& items) {
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (items.size() > 2 || items[i].member == items[0].member)
      throw_no_manifest("its manifest lists '" + items[i].member + "' twice.");
  }
}

}  // namespace

std::uint64_t Manifest::bytes() const {
  std::uint64_t sum = 0;
  for (const BackedUpDatabase& one : databases) sum += one.bytes;
  for (const BackedUpFolder& one : folders) sum += one.bytes;
  return sum;
}

std::string manifest_text(const Manifest& manifest) {
  const auto integer = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  std::string text;
  JsonWriter writer(text, Layout::Pretty);
  writer.begin_object();
  writer.key("format").integer(kFormat);
  writer.key("created").string(
      fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(manifest.created_ms / 1000)));
  writer.key("created_ms").integer(manifest.created_ms);
  writer.key("millrace_version").string(manifest.millrace_version);
  writer.key("databases").begin_array();
  for (const BackedUpDatabase& one : manifest.databases) {
    writer.begin_object();
    writer.key("member").string(one.member);
    writer.key("kind").string("sqlite");
    writer.key("schema_revision").string(one.revision);
    writer.key("bytes").integer(integer(one.bytes));
    writer.end_object();
  }
  writer.end_array();
  writer.key("folders").begin_array();
  for (const BackedUpFolder& one : manifest.folders) {
    writer.begin_object();
    writer.key("member").string(one.member);
    writer.key("files").integer(integer(one.files));
    writer.key("bytes").integer(integer(one.bytes));
    writer.end_object();
  }
  writer.end_array();
  writer.key("checksums").string(kChecksumsMember);
  writer.end_object();
  return text + "\n";
}

Manifest parse_manifest(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) throw_no_manifest("its manifest is no JSON.");
  const std::uint64_t format = number_of(*json, "format");
  if (format != kFormat) {
    throw Error(ErrorCode::InvalidState,
                "The backup has the format " + std::to_string(format) +
                    ", which this Millrace does not know: it was made by a newer one.");
  }
  Manifest manifest;
  manifest.created_ms = static_cast<std::int64_t>(number_of(*json, "created_ms"));
  manifest.millrace_version = text_of(*json, "millrace_version");
  for (const Json& one : list_of(*json, "databases")) {
    manifest.databases.push_back(
        {text_of(one, "member"), text_of(one, "schema_revision"), number_of(one, "bytes")});
    require_known(manifest.databases.back().member, kDatabaseMember, kRegistryMember);
  }
  for (const Json& one : list_of(*json, "folders")) {
    manifest.folders.push_back(
        {text_of(one, "member"), number_of(one, "files"), number_of(one, "bytes")});
    require_known(manifest.folders.back().member, kArtifactsMember, kArtifactRootMember);
  }
  require_single(manifest.databases);
  require_single(manifest.folders);
  return manifest;
}

bool is_backup_member(std::string_view path) {
  if (path == kDatabaseMember || path == kRegistryMember) return true;
  if (path.size() >= PATH_MAX || path.find('\0') != std::string_view::npos) return false;
  bool is_first = true;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (name.empty() || name == "." || name == "..") return false;
    if (is_first && name != kArtifactsMember && name != kArtifactRootMember) return false;
    if (slash == std::string_view::npos) return true;
    is_first = false;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace millrace
