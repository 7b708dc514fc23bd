// A file that is there whole or not at all.
#pragma once

#include <string>

#include "artifacts/file_descriptor.h"

namespace millrace {

// Throws an Error that says which file could not be used, from errno: INSUFFICIENT_STORAGE for a
// full disk or quota, else INTERNAL_ERROR. `what` as in "cannot be written".
[[noreturn]] void throw_errno(const std::string& path, const char* what, int error);

// Puts the names in the folder at `path` on disk.
void sync_folder_at(const std::string& path);

// Written as "<path>.partial", readable by its owner alone.
class PartialFile {
 public:
  // `replace`: whether a file that is at `path` may be replaced. Throws INVALID_STATE when one is
  // there that may not, when it is no file, and when another process is writing the same.
  PartialFile(std::string path, bool replace);
  // Removes it unless it was committed.
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  int descriptor() const { return file_.get(); }
  const std::string& temporary_path() const { return temporary_; }

  // On disk: the content now, the name with commit().
  void sync() const;
  void commit();

 private:
  const std::string path_;
  const std::string temporary_;
  const bool replace_;
  FileDescriptor file_;
  bool committed_ = false;
};

}  // namespace millrace
