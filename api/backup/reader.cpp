#include "api/backup/reader.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <vector>

#include "api/backup/checksums.h"
#include "api/backup/partial_file.h"
#include "store/common/error.h"
#include "store/text/log_text.h"
#include "store/text/sha256.h"

namespace millrace {
namespace {

constexpr std::size_t kChunk = 1 << 20;              // bytes
constexpr std::uint64_t kLargestManifest = 1 << 20;  // bytes
constexpr std::size_t kLongestLine = 16 << 10;       // of a checksum and its path, bytes

[[noreturn]] void throw_unusable(const std::string& why) {
  throw Error(ErrorCode::InvalidState, why);
}

class BackupReading {
 public:
  BackupReading(int file, BackupSink& sink, Progress& progress)
      : sink_(sink), progress_(progress), buffer_(kChunk) {
    struct stat status {};
    if (::fstat(file, &status) != 0) throw_errno("The backup", "cannot be read", errno);
    file_size_ = static_cast<std::uint64_t>(status.st_size);
    if (file_size_ == 0) throw_unusable("The file is empty.");
    tar_ = open_tar_reader(file);
  }

  Manifest run() {
    read_manifest();
    bool is_whole = false;
    while (const auto member = next()) {
      if (is_whole) throw_unusable("Something follows the checksums at the end of the backup.");
      is_whole = !member->is_folder && member->path == kChecksumsMember;
      if (is_whole) {
        compare_checksums();
      } else {
        read_member(*member);
      }
    }
    if (!is_whole) throw_unusable("The backup is not whole: its end is missing.");
    for (const BackedUpDatabase& one : manifest_.databases) {
      if (databases_[one.member] != one.bytes) {
        throw_unusable("The backup does not hold the " + one.member + " that its manifest lists.");
      }
    }
    return manifest_;
  }

 private:
  // Nothing is compressed, so that no member is larger than the whole.
  std::optional<TarMember> next() {
    auto member = tar_->next();
    if (member && member->size > file_size_) {
      throw_unusable("The backup is not whole: " + log_text(member->path) + " is larger than it.");
    }
    return member;
  }

  void read_manifest() {
    const auto first = next();
    if (!first || first->is_folder || first->path != kManifestMember) {
      throw_unusable("It is no backup of Millrace's: it does not begin with " +
                     std::string(kManifestMember) + ".");
    }
    if (first->size > kLargestManifest) throw_unusable("The manifest of the backup is too large.");
    std::string text;
    Sha256 sum;
    each_chunk(*first, [&](const char* data, std::size_t size) {
      sum.add({data, size});
      text.append(data, size);
    });
    sums_.add(checksum_line(sum.digits(), first->path));
    manifest_ = parse_manifest(text);
    sink_.begin(manifest_);
  }

  void read_member(const TarMember& member) {
    const bool is_database = member.path == kDatabaseMember || member.path == kRegistryMember;
    if (!is_backup_member(member.path) || (is_database && member.is_folder) || !is_listed(member)) {
      throw_unusable("The backup holds '" + log_text(member.path) + "', which cannot be in one.");
    }
    if (member.is_folder) {
      sink_.folder(member);
      return;
    }
    sink_.begin_file(member);
    Sha256 sum;
    each_chunk(member, [&](const char* data, std::size_t size) {
      sum.add({data, size});
      sink_.write(data, size);
      progress_.add(size);
    });
    sink_.end_file();
    sums_.add(checksum_line(sum.digits(), member.path));
    if (is_database && !databases_.emplace(member.path, member.size).second) {
      throw_unusable("The backup holds " + member.path + " twice.");
    }
  }

  bool is_listed(const TarMember& member) const {
    const std::string top = member.path.substr(0, member.path.find('/'));
    const auto is_it = [&top](const auto& one) { return one.member == top; };
    return std::any_of(manifest_.databases.begin(), manifest_.databases.end(), is_it) ||
           std::any_of(manifest_.folders.begin(), manifest_.folders.end(), is_it);
  }

  // The checksums are those of what was read, one after the other.
  void compare_checksums() {
    sums_.rewind();
    std::string expected, found;
    bool more = sums_.next(expected);
    for (std::size_t count = read_chunk(); count > 0; count = read_chunk()) {
      for (std::size_t i = 0; i < count; ++i) {
        if (buffer_[i] != '\n') {
          found += buffer_[i];
          if (found.size() > kLongestLine) throw_changed(found, "");
          continue;
        }
        if (!more || found != expected) throw_changed(found, more ? expected : "");
        found.clear();
        more = sums_.next(expected);
      }
    }
    if (more || !found.empty()) throw_changed(found, more ? expected : "");
  }

  [[noreturn]] static void throw_changed(const std::string& found, const std::string& expected) {
    const std::string path = path_of_checksum_line(expected.empty() ? found : expected);
    if (path_of_checksum_line(found) == path && !path.empty()) {
      throw_unusable("The backup is damaged: " + log_text(path) + " is not what was saved.");
    }
    throw_unusable("The backup is damaged: its checksums do not list what it holds" +
                   (path.empty() ? "." : ", from " + log_text(path) + " on."));
  }

  std::size_t read_chunk() { return tar_->read(buffer_.data(), buffer_.size()); }

  template <class Use>
  void each_chunk(const TarMember& member, const Use& use) {
    std::uint64_t size = 0;
    for (std::size_t count = read_chunk(); count > 0; count = read_chunk()) {
      size += count;
      if (size > member.size) break;
      use(buffer_.data(), count);
    }
    if (size != member.size) {
      throw_unusable("The backup is not whole: " + log_text(member.path) + " is cut off.");
    }
  }

  std::unique_ptr<TarReader> tar_;
  BackupSink& sink_;
  Progress& progress_;
  std::vector<char> buffer_;
  std::uint64_t file_size_ = 0;
  Manifest manifest_;
  LineSpool sums_;
  std::map<std::string, std::uint64_t> databases_;  // sizes by member
};

}  // namespace

Manifest read_backup(int file, BackupSink& sink, Progress& progress) {
  if (::lseek(file, 0, SEEK_SET) < 0) throw_errno("The backup", "cannot be read", errno);
  return BackupReading(file, sink, progress).run();
}

}  // namespace millrace
