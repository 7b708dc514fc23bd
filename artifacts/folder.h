// Files below one folder, found by the kernel without ever leaving it (openat2, RESOLVE_BENEATH).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "artifacts/file_descriptor.h"

namespace millrace {

class Folder {
 public:
  // Opens an absolute path, which need not exist until something is written.
  explicit Folder(std::string path) : path_(std::move(path)) {}

  enum class Links { Inside, None };  // symbolic links that lead to below the folder, or none

  const std::string& path() const { return path_; }

  // open(2) of a relative path. Nothing when it is not there. Throws INVALID_PARAMETER_VALUE when
  // it leads out of the folder or (with Links::None) through a link, INTERNAL_ERROR otherwise.
  FileDescriptor open(const std::string& path, int flags, Links links) const;

  // The folder at `path`, made with all above it, each on disk. Throws INVALID_PARAMETER_VALUE when
  // a part of the path is a file.
  FileDescriptor make(const std::string& path) const;

 private:
  FileDescriptor root(bool create) const;

  std::string path_;
};

// Calls `entry(name)` for all in the open folder but "." and "..", in no order.
void each_entry(int folder, const std::function<void(const std::string&)>& entry);

// Removes a file, or a folder and all in it, never following a link. Nothing there is no error.
void remove_tree(int folder, const std::string& name);

// Throws INSUFFICIENT_STORAGE for a full disk or quota, INTERNAL_ERROR for any other errno.
[[noreturn]] void throw_file_error(std::string_view what, int error);

}  // namespace millrace
