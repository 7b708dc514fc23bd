// A backup being read and checked (manifest.h has its form).
#pragma once

#include <cstddef>
#include <string>

#include "api/backup/manifest.h"
#include "api/backup/progress.h"
#include "api/backup/tar.h"

namespace millrace {

// Where what is read goes. All paths are ones that may stand in a backup (is_backup_member).
class BackupSink {
 public:
  virtual ~BackupSink() = default;
  BackupSink(const BackupSink&) = delete;
  BackupSink& operator=(const BackupSink&) = delete;

  // Before all else.
  virtual void begin(const Manifest& manifest) = 0;
  virtual void folder(const TarMember& member) = 0;
  virtual void begin_file(const TarMember& member) = 0;
  virtual void write(const char* data, std::size_t size) = 0;
  virtual void end_file() = 0;

 protected:
  BackupSink() = default;
};

// Reads the open file from its beginning to the end. Returns only when all of it was there and
// equals its checksums; what the sink got before is to be thrown away otherwise. Memory does not
// grow with what is in it.
// Throws INVALID_STATE for anything that is no whole and unchanged backup of a known format;
// INTERNAL_ERROR when it cannot be read, what the sink throws, and as Progress when the command is
// interrupted.
Manifest read_backup(int file, BackupSink& sink, Progress& progress);

}  // namespace millrace
