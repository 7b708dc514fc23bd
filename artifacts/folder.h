// Files below one folder, found by the kernel without ever leaving it (openat2, RESOLVE_BENEATH).
//
// Only ENOENT and ENOTDIR mean that something is not there. Whatever else keeps a root, a folder or
// an entry from being opened is an error with its reason, since "nothing is there" would be taken
// for an answer.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "artifacts/file_descriptor.h"

struct stat;

namespace millrace {

class Folder {
 public:
  // `root`: an absolute path, which is trusted. `below`: a relative path in normal form from there
  // to the folder ("": the root itself), without a symbolic link on its way: where one is found,
  // nothing is. Neither need exist until something is written.
  explicit Folder(std::string root, std::string below = "")
      : root_(std::move(root)), below_(std::move(below)) {}

  enum class Links { Inside, None };  // symbolic links that lead to below the folder, or none

  std::string path() const;  // absolute

  // open(2) of a relative path. Nothing when it is not there. Throws INVALID_PARAMETER_VALUE when
  // it leads out of the folder or (with Links::None) through a link, INTERNAL_ERROR otherwise.
  FileDescriptor open(const std::string& path, int flags, Links links) const;

  enum class Sync { Now, Later };  // each folder made is on disk at the return, or by sync()

  // The folder at `path`, made with all above it. Nothing when others remove a part of it
  // meanwhile. Throws INVALID_PARAMETER_VALUE when a part of the path is a file.
  FileDescriptor make(const std::string& path, Sync sync) const;

  // Puts the names in the folder at `path`, and in all above it, on disk.
  void sync(const std::string& path) const;

 private:
  FileDescriptor top() const;

  std::string root_;
  std::string below_;
};

// How often something is tried that others may undo meanwhile.
inline constexpr int kMostTries = 100;

// Calls `entry(name)` for all in the open folder but "." and "..", in no order.
void each_entry(int folder, const std::function<void(const std::string&)>& entry);

// What an entry of an open folder is, be it a link; false when it is not there.
bool look_at_entry(int folder, const std::string& name, struct stat& status);

// Puts the names in an open folder on disk.
void sync_folder(int folder);

// Removes a file, or a folder and all in it, never following a link. Nothing there is no error.
// What others put there meanwhile goes, too, unless it does not end.
void remove_tree(int folder, const std::string& name);

// Throws INSUFFICIENT_STORAGE for a full disk or quota, INTERNAL_ERROR for any other errno.
[[noreturn]] void throw_file_error(std::string_view what, int error);

}  // namespace millrace
