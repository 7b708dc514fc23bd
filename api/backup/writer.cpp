#include "api/backup/writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "api/backup/partial_file.h"
#include "artifacts/file_descriptor.h"
#include "store/common/clock.h"

namespace millrace {
namespace {

constexpr std::size_t kWriteSize = 1 << 20;  // bytes

TarMember described(std::string_view member, const struct stat& status) {
  return {std::string(member), S_ISDIR(status.st_mode), static_cast<std::uint64_t>(status.st_size),
          static_cast<unsigned>(status.st_mode) & 0777U,
          status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

}  // namespace

BackupWriter::BackupWriter(int file, const Manifest& manifest, Progress& progress)
    : tar_(open_tar_writer(file)), progress_(progress), buffer_(kWriteSize) {
  add_text(kManifestMember, manifest_text(manifest));
}

void BackupWriter::add_file(const std::string& member, const std::string& path) {
  const FileDescriptor source(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!source && errno == ENOENT) {
    progress_.warn(path + " was deleted meanwhile: left out.");
    return;
  }
  struct stat before {};
  struct stat after {};
  if (!source || ::fstat(source.get(), &before) != 0) throw_errno(path, "cannot be read", errno);
  if (!S_ISREG(before.st_mode)) {
    progress_.warn(path + " is no file any more: left out.");
    return;
  }
  const TarMember head = described(member, before);
  tar_->begin(head);
  Sha256 sum;
  const std::uint64_t found = copy(source.get(), head.size, sum);
  const bool seen = ::fstat(source.get(), &after) == 0;
  if (found < head.size || (seen && after.st_size != before.st_size)) {
    progress_.warn(path + " was written to meanwhile: what is saved of it may not be whole.");
  }
  sums_.add(checksum_line(sum.digits(), member));
}

// Returns how many bytes there were; the others of `size` are zeros.
std::uint64_t BackupWriter::copy(int source, std::uint64_t size, Sha256& sum) {
  std::uint64_t done = 0, found = 0;
  bool at_end = false;
  while (done < size) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), size - done));
    ssize_t count = 0;
    if (!at_end) {
      count = ::read(source, buffer_.data(), wanted);
      if (count < 0 && errno == EINTR)
        count = 0;
      else if (count < 0)
        throw_errno("A file", "cannot be read", errno);
      else
        at_end = count == 0;
      found += static_cast<std::uint64_t>(count);
    } else {
      std::fill(buffer_.begin(), buffer_.end(), '\0');
      count = static_cast<ssize_t>(wanted);
    }
    const auto length = static_cast<std::size_t>(count);
    sum.add({buffer_.data(), length});
    tar_->write(buffer_.data(), length);
    done += length;
    progress_.add(length);
  }
  return found;
}

void BackupWriter::add_folder(const std::string& member, const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return;  // gone
  tar_->begin(described(member, status));
}

void BackupWriter::add_text(std::string_view member, std::string_view text) {
  tar_->begin({std::string(member), false, text.size(), 0600, now_ms() * 1'000'000});
  tar_->write(text.data(), text.size());
  Sha256 sum;
  sum.add(text);
  sums_.add(checksum_line(sum.digits(), member));
}

void BackupWriter::finish() {
  tar_->begin({std::string(kChecksumsMember), false, sums_.size(), 0600, now_ms() * 1'000'000});
  sums_.rewind();
  std::string line;
  while (sums_.next(line)) {
    line += '\n';
    tar_->write(line.data(), line.size());
  }
  tar_->finish();
}

}  // namespace millrace
