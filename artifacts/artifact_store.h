// The room artifacts: bytes by path and URI, contained by the kernel. May use store/common and
// store/text. Knows no database, no HTTP and no entity.
//
// Where artifacts lie. Paths are relative to the store's root and come from path_below_root; "" is
// the root. Every method may be called from any thread and throws Error: INVALID_PARAMETER_VALUE
// for a path that leads out of the root, INSUFFICIENT_STORAGE when the disk is full, INTERNAL_ERROR
// for what the system refuses otherwise: what could not be looked at is never "not there". What is
// neither a file nor a folder (a pipe, a socket, a device) is, and is not opened.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

// An artifact as it was when it was opened, whatever happens to its name since.
class ArtifactFile {
 public:
  virtual ~ArtifactFile() = default;
  virtual std::uint64_t size() const = 0;        // bytes
  virtual std::int64_t modified_ns() const = 0;  // since the epoch
  virtual std::string location() const = 0;      // its path or URI; tells two files apart
  // Reads at most `size` bytes from `offset`; 0 at the end.
  virtual std::size_t read(std::uint64_t offset, char* buffer, std::size_t size) = 0;
};

// An artifact being written. Nobody sees it before commit; without commit nothing of it stays.
class ArtifactUpload {
 public:
  virtual ~ArtifactUpload() = default;
  virtual void write(const char* data, std::size_t size) = 0;
  // Puts it in its place, on disk, instead of what was there. Call once.
  virtual void commit() = 0;
};

struct ArtifactEntry {
  std::string name;
  bool is_directory = false;
  std::uint64_t size = 0;  // bytes, of a file
};

enum class ArtifactKind { Missing, File, Directory };

class ArtifactStore {
 public:
  virtual ~ArtifactStore() = default;

  virtual ArtifactKind kind(const std::string& path) = 0;

  // Null unless it is a file.
  virtual std::unique_ptr<ArtifactFile> open(const std::string& path) = 0;

  // Folders on the way are made. Throws INVALID_PARAMETER_VALUE when the path is a folder or a part
  // of it is a file.
  virtual std::unique_ptr<ArtifactUpload> upload(const std::string& path) = 0;

  // What lies in a folder, by name, uploads under way left out; nothing when it is no folder.
  virtual std::vector<ArtifactEntry> list(const std::string& path) = 0;

  // A file, or a folder with all in it; nothing there is no error. Throws INVALID_PARAMETER_VALUE
  // for the root and for a path with a symbolic link in it.
  virtual void remove(const std::string& path) = 0;
};

}  // namespace millrace
