#include "api/backup/checksums.h"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "store/common/error.h"

namespace millrace {
namespace {

constexpr std::size_t kDigits = 64;

// sha256sum marks a line in whose name it had to escape something.
bool needs_escapes(std::string_view path) {
  return path.find_first_of("\\\n\r") != std::string_view::npos;
}

[[noreturn]] void throw_spool_error(int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  throw Error(full ? ErrorCode::InsufficientStorage : ErrorCode::InternalError,
              "The folder for temporary files cannot be used: " +
                  std::generic_category().message(error) + ".");
}

std::FILE* open_spool() {
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  if (error) throw_spool_error(error.value());
  const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  std::FILE* stream = file >= 0 ? fdopen(file, "w+") : std::tmpfile();
  if (stream == nullptr) throw_spool_error(errno);
  return stream;
}

}  // namespace

std::string checksum_line(const std::string& digits, std::string_view path) {
  const std::string start = digits + "  ";
  if (!needs_escapes(path)) return start + std::string(path);
  std::string escaped;
  for (const char c : path) {
    if (c == '\\') {
      escaped += "\\\\";
    } else if (c == '\n') {
      escaped += "\\n";
    } else if (c == '\r') {
      escaped += "\\r";
    } else {
      escaped += c;
    }
  }
  return "\\" + start + escaped;
}

std::string path_of_checksum_line(std::string_view line) {
  const bool escaped = line.starts_with('\\');
  if (escaped) line.remove_prefix(1);
  if (line.size() <= kDigits + 2 || line.substr(kDigits, 2) != "  ") return "";
  line.remove_prefix(kDigits + 2);
  if (!escaped) return std::string(line);
  std::string path;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\' || i + 1 == line.size()) {
      path += line[i];
      continue;
    }
    const char next = line[++i];
    path += next == 'n' ? '\n' : next == 'r' ? '\r' : next;
  }
  return path;
}

LineSpool::LineSpool() : file_(open_spool(), std::fclose) {}

void LineSpool::add(std::string_view line) {
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() ||
      std::fputc('\n', file_.get()) == EOF) {
    throw_spool_error(errno);
  }
  size_ += line.size() + 1;
}

void LineSpool::rewind() {
  if (std::fflush(file_.get()) != 0) throw_spool_error(errno);
  std::rewind(file_.get());
}

bool LineSpool::next(std::string& line) {
  line.clear();
  int c = 0;
  while ((c = getc_unlocked(file_.get())) != EOF && c != '\n') line += static_cast<char>(c);
  return c == '\n';
}

}  // namespace millrace
