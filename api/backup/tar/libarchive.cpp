// Tar by libarchive, in a module of its own (api/backup/tar.h).
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <new>
#include <string>
#include <system_error>

#include "api/backup/tar.h"
#include "store/common/error.h"

namespace millrace {
namespace {

constexpr std::size_t kReadSize = 1 << 20;  // bytes
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

// Names go through the library's conversions between the locale and UTF-8. In this locale they are
// what they are; a name that is no UTF-8 is marked as such.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = uselocale(locale_);
  }
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    uselocale(before_);
    freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

using ArchiveHandle = std::unique_ptr<archive, int (*)(archive*)>;

std::string words_of(archive* of) {
  const char* text = archive_error_string(of);
  return text == nullptr ? "unknown error" : text;
}

class LibarchiveWriter : public TarWriter {
 public:
  explicit LibarchiveWriter(int file) : file_(file) {
    if (archive_ == nullptr || entry_ == nullptr) throw std::bad_alloc();
    check(archive_write_set_format_pax_restricted(archive_.get()));
    check(archive_write_add_filter_none(archive_.get()));
    check(archive_write_set_bytes_in_last_block(archive_.get(), 1));  // not filled up with zeros
    check(archive_write_open(archive_.get(), this, nullptr, write_block, nullptr));
  }
  // No further write, should it not be finished. (After archive_write_fail() the library would not
  // give back its buffer.)
  ~LibarchiveWriter() override { is_given_up_ = true; }

  void begin(const TarMember& member) override {
    const Utf8Locale locale;
    archive_entry_clear(entry_.get());
    archive_entry_set_pathname(entry_.get(), member.path.c_str());
    archive_entry_set_filetype(entry_.get(), member.is_folder ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry_.get(), static_cast<mode_t>(member.mode & 0777U));
    archive_entry_set_size(entry_.get(),
                           static_cast<la_int64_t>(member.is_folder ? 0 : member.size));
    archive_entry_set_mtime(entry_.get(), member.modified_ns / kNsPerSecond,
                            static_cast<long>(member.modified_ns % kNsPerSecond));
    check(archive_write_header(archive_.get(), entry_.get()));
  }

  void write(const char* data, std::size_t size) override {
    while (size > 0) {
      const la_ssize_t count = archive_write_data(archive_.get(), data, size);
      if (count <= 0) fail();
      data += count;
      size -= static_cast<std::size_t>(count);
    }
  }

  void finish() override { check(archive_write_close(archive_.get())); }

 private:
  static la_ssize_t write_block(archive* of, void* self, const void* data, std::size_t size) {
    const auto& writer = *static_cast<const LibarchiveWriter*>(self);
    if (writer.is_given_up_) return ARCHIVE_FATAL;
    ssize_t count = 0;
    do {
      count = ::write(writer.file_, data, size);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
      archive_set_error(of, errno, "%s", std::generic_category().message(errno).c_str());
    return count < 0 ? ARCHIVE_FATAL : count;
  }
  void check(int code) {
    if (code < ARCHIVE_WARN) fail();
  }
  [[noreturn]] void fail() {
    const int error = archive_errno(archive_.get());
    const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    throw Error(full ? ErrorCode::InsufficientStorage : ErrorCode::InternalError,
                "The archive cannot be written: " + words_of(archive_.get()) + ".");
  }

  const int file_;
  bool is_given_up_ = false;
  const ArchiveHandle archive_{archive_write_new(), archive_write_free};
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry_{archive_entry_new(),
                                                                        archive_entry_free};
};

class LibarchiveReader : public TarReader {
 public:
  explicit LibarchiveReader(int file) {
    if (archive_ == nullptr) throw std::bad_alloc();
    check(archive_read_support_filter_none(archive_.get()));
    check(archive_read_support_format_tar(archive_.get()));
    check(archive_read_open_fd(archive_.get(), file, kReadSize));
  }

  std::optional<TarMember> next() override {
    const Utf8Locale locale;
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(archive_.get(), &entry);
    if (code == ARCHIVE_EOF) return std::nullopt;
    check(code);
    TarMember member;
    const char* path = archive_entry_pathname(entry);
    if (path == nullptr) refuse("A name in the archive cannot be read.");
    member.path = path;
    while (member.path.size() > 1 && member.path.ends_with('/')) member.path.pop_back();
    const auto type = archive_entry_filetype(entry);
    member.is_folder = type == AE_IFDIR;
    if ((type != AE_IFREG && type != AE_IFDIR) || archive_entry_hardlink(entry) != nullptr ||
        archive_entry_symlink(entry) != nullptr || archive_entry_sparse_count(entry) > 0) {
      refuse("The archive holds something that is neither a plain file nor a folder.");
    }
    const la_int64_t size = archive_entry_size(entry);
    if (size < 0) refuse("A size in the archive is negative.");
    member.size = static_cast<std::uint64_t>(size);
    member.mode = static_cast<unsigned>(archive_entry_perm(entry)) & 0777U;
    // Not beyond what nanoseconds can say; a time is of no importance.
    const std::int64_t seconds = archive_entry_mtime(entry);
    if (seconds > 0 && seconds < std::int64_t{1} << 33U) {
      member.modified_ns = seconds * kNsPerSecond + archive_entry_mtime_nsec(entry);
    }
    return member;
  }

  std::size_t read(char* buffer, std::size_t size) override {
    const la_ssize_t count = archive_read_data(archive_.get(), buffer, size);
    if (count < 0) fail();
    return static_cast<std::size_t>(count);
  }

 private:
  void check(int code) {
    if (code < ARCHIVE_WARN) fail();
  }
  [[noreturn]] static void refuse(const std::string& why) {
    throw Error(ErrorCode::InvalidState, why);
  }
  [[noreturn]] void fail() {
    const int error = archive_errno(archive_.get());
    if (error == EIO) {
      throw Error(ErrorCode::InternalError,
                  "The archive cannot be read: " + words_of(archive_.get()) + ".");
    }
    refuse("It is no tar archive, or a damaged one: " + words_of(archive_.get()) + ".");
  }

  const ArchiveHandle archive_{archive_read_new(), archive_read_free};
};

}  // namespace
}  // namespace millrace

extern "C" {
millrace::TarWriter* millrace_open_tar_writer(int file) {
  return new millrace::LibarchiveWriter(file);
}
millrace::TarReader* millrace_open_tar_reader(int file) {
  return new millrace::LibarchiveReader(file);
}
}
