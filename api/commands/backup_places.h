// What of a server's settings a backup can hold: files and folders of this machine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/settings/config.h"

namespace millrace {

struct BackupPlace {
  std::string member;  // its name in the backup (api/backup/manifest.h)
  std::string option;  // that names it on the command line
  std::string path;    // real and absolute; need not exist
};

struct BackupPlaces {
  std::vector<BackupPlace> databases;
  std::vector<BackupPlace> folders;    // none of them inside another
  std::vector<std::string> elsewhere;  // lines about artifacts that lie in other storage
};

// The option that says where a member of a backup belongs.
std::string option_of(std::string_view member);

// Creates nothing. Throws INVALID_PARAMETER_VALUE for a path that cannot be.
BackupPlaces backup_places(const Config& config, bool with_databases);

// Whether artifacts at a stored URI are among the folders, or behind the proxy, which is told
// apart.
bool holds_artifacts_of(const BackupPlaces& places, const std::string& uri);

// Throws INVALID_PARAMETER_VALUE, with what to do instead, unless both stores are SQLite databases.
// `verb`: "backup" or "restore".
void require_sqlite_stores(const Config& config, std::string_view verb);

}  // namespace millrace
