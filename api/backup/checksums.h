// The list of checksums at the end of a backup.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace millrace {

// What `sha256sum` prints about a file, without the line's end.
std::string checksum_line(const std::string& digits, std::string_view path);

// The path in such a line; empty when it is none.
std::string path_of_checksum_line(std::string_view line);

// Lines of text in a file without a name, as there may be millions of them. Throws
// INSUFFICIENT_STORAGE or INTERNAL_ERROR when the folder for temporary files ($TMPDIR) does not
// take them.
class LineSpool {
 public:
  LineSpool();

  void add(std::string_view line);
  std::uint64_t size() const { return size_; }  // bytes, with the lines' ends

  // From now on lines are read, from the first.
  void rewind();
  // False at the end.
  bool next(std::string& line);

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::uint64_t size_ = 0;
};

}  // namespace millrace
