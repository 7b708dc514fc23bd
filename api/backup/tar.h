// Tar archives, as a stream of members.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace millrace {

struct TarMember {
  std::string path;  // without a slash at its end
  bool is_folder = false;
  std::uint64_t size = 0;        // bytes; of a file
  unsigned mode = 0600;          // permissions, no more than 0777
  std::int64_t modified_ns = 0;  // since the epoch
};

// Writes to an open file, in POSIX's form, which every tar reads. Not thread-safe. Throws
// INSUFFICIENT_STORAGE for a full disk, INTERNAL_ERROR for other errors.
class TarWriter {
 public:
  virtual ~TarWriter() = default;
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  // Begins a member; what was missing of the one before is filled with zeros.
  virtual void begin(const TarMember& member) = 0;
  // The next bytes of the member, no more than its size in all.
  virtual void write(const char* data, std::size_t size) = 0;
  // The end of the archive.
  virtual void finish() = 0;

 protected:
  TarWriter() = default;
};

// Reads an open file from its beginning. Nothing that it says is to be trusted: paths may be
// anything. Members that are neither a file nor a folder, sparse files and names that point to
// others are refused. Not thread-safe. Throws INVALID_STATE where it is no sound archive,
// INTERNAL_ERROR when it cannot be read.
class TarReader {
 public:
  virtual ~TarReader() = default;
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // The next member, or nothing at the end.
  virtual std::optional<TarMember> next() = 0;
  // The next bytes of the member, 0 at its end.
  virtual std::size_t read(char* buffer, std::size_t size) = 0;

 protected:
  TarReader() = default;
};

// Both stay usable as long as the descriptor is open; they do not close it. Throw INVALID_STATE
// when the module beside the program that knows tar cannot be loaded.
std::unique_ptr<TarWriter> open_tar_writer(int file);
std::unique_ptr<TarReader> open_tar_reader(int file);

// What that module provides. A server needs no archives, so it does not load the library, and those
// that the library needs.
inline constexpr const char* kOpenTarWriter = "millrace_open_tar_writer";
inline constexpr const char* kOpenTarReader = "millrace_open_tar_reader";
extern "C" {
using OpenTarWriter = TarWriter* (*)(int file);  // the caller's
using OpenTarReader = TarReader* (*)(int file);  // the caller's
}

}  // namespace millrace
