// The room api/backup: backups as one file: what is in it, how it is written, read and checked. May
// use artifacts, and JSON. Opens no database.
//
//   millrace-backup.json   what it is and what it holds
//   mlflow.db              a SQLite database, and
//   registry.db            that of the registered models, where it is one of its own
//   artifacts/...          the folder --artifacts-destination
//   artifact-root/...      the folder --default-artifact-root, where it is another one
//   SHA256SUMS             of all files above, in their order, as `sha256sum -c` takes them
//
// It is a tar archive without compression, in this order. The last member is there only in a whole
// one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

inline constexpr std::string_view kManifestMember = "millrace-backup.json";
inline constexpr std::string_view kChecksumsMember = "SHA256SUMS";
inline constexpr std::string_view kDatabaseMember = "mlflow.db";
inline constexpr std::string_view kRegistryMember = "registry.db";
inline constexpr std::string_view kArtifactsMember = "artifacts";
inline constexpr std::string_view kArtifactRootMember = "artifact-root";

struct BackedUpDatabase {
  std::string member;    // kDatabaseMember or kRegistryMember
  std::string revision;  // of MLflow's schema
  std::uint64_t bytes = 0;
};

struct BackedUpFolder {
  std::string member;  // kArtifactsMember or kArtifactRootMember
  // When it was counted; files that came or went meanwhile make a difference.
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

struct Manifest {
  std::int64_t created_ms = 0;  // since the epoch
  std::string millrace_version;
  std::vector<BackedUpDatabase> databases;
  std::vector<BackedUpFolder> folders;

  std::uint64_t bytes() const;  // of all that it lists
};

std::string manifest_text(const Manifest& manifest);

// Throws INVALID_STATE when the text is no manifest, or of a format that is not known here.
Manifest parse_manifest(std::string_view text);

// Whether a path may stand in a backup beside the manifest and the checksums: a database, or
// something in a folder. It is relative and never leads out of the folder in which it is unpacked.
bool is_backup_member(std::string_view path);

}  // namespace millrace
