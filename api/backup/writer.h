// A backup being written (manifest.h has its form).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/backup/checksums.h"
#include "api/backup/manifest.h"
#include "api/backup/progress.h"
#include "api/backup/tar.h"
#include "store/text/sha256.h"

namespace millrace {

// Not thread-safe. Throws as TarWriter, and as Progress when the command is interrupted.
class BackupWriter {
 public:
  // Begins with the manifest, in an empty open file that stays open.
  BackupWriter(int file, const Manifest& manifest, Progress& progress);

  // Adds the file at `path`. One that is gone is told as a warning, and so is one that changes its
  // size meanwhile: what is missing of it is zeros, what is new is left out. Throws when it cannot
  // be read.
  void add_file(const std::string& member, const std::string& path);
  // Adds the folder at `path`, without what is in it.
  void add_folder(const std::string& member, const std::string& path);
  // Adds the checksums: only now it is whole.
  void finish();

 private:
  void add_text(std::string_view member, std::string_view text);
  std::uint64_t copy(int source, std::uint64_t size, Sha256& sum);

  std::unique_ptr<TarWriter> tar_;
  Progress& progress_;
  LineSpool sums_;
  std::vector<char> buffer_;
};

}  // namespace millrace
