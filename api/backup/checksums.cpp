#include "api/backup/checksums.h"

#include <fcntl.h>
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <new>
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

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
}
Sha256::~Sha256() = default;

void Sha256::add(const char* data, std::size_t size) {
  if (EVP_DigestUpdate(state_->context.get(), data, size) != 1) throw std::bad_alloc();
}

std::string Sha256::digits() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size) != 1) throw std::bad_alloc();
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += "0123456789abcdef"[digest.at(i) >> 4U];
    text += "0123456789abcdef"[digest.at(i) & 15U];
  }
  return text;
}

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
