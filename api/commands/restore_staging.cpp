#include "api/commands/restore_staging.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "api/backup/artifact_walk.h"
#include "artifacts/folder.h"
#include "store/common/error.h"
#include "store/db/sqlite/uri.h"
#include "store/text/log_text.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kNanoseconds = 1'000'000'000;
constexpr const char* kInsideName = ".restore-partial";

void make_folder_above(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw_errno(folder.string(), "cannot be made", error.value());
}

// Never follows a link.
void remove_all(const std::string& path) {
  const fs::path whole(path);
  const FileDescriptor parent(
      ::open(whole.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent) remove_tree(parent.get(), whole.filename().string());
}

}  // namespace

bool is_mounted(const std::string& path) {
  struct stat folder {};
  struct stat above {};
  return ::stat(path.c_str(), &folder) == 0 &&
         ::stat(fs::path(path).parent_path().c_str(), &above) == 0 && above.st_dev != folder.st_dev;
}

bool is_vacant(const std::string& path) {
  const FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw_errno(path, "cannot be read", errno);
  bool vacant = true;
  each_entry(folder.get(), [&vacant](const std::string& name) {
    vacant = vacant && (name == kLostAndFound || name == kInsideName);
  });
  return vacant;
}

RestoreStaging::RestoreStaging(const BackupPlaces& places,
                               std::function<void(const Manifest&)> check)
    : places_(places), check_(std::move(check)) {}

RestoreStaging::~RestoreStaging() {
  for (const Folder& folder : folders_) {
    try {
      remove_all(folder.path);
    } catch (const Error&) {  // the next restore removes it
    }
  }
  for (const Database& database : databases_) {
    for (const std::string_view suffix : kSqliteCompanions)
      ::unlink((database.file->temporary_path() + std::string(suffix)).c_str());
  }
}

void RestoreStaging::begin(const Manifest& manifest) {
  check_(manifest);
  const auto lists = [](const auto& list, const std::string& member) {
    return std::any_of(list.begin(), list.end(),
                       [&](const auto& one) { return one.member == member; });
  };
  for (const BackupPlace& place : places_.databases) {
    if (!lists(manifest.databases, place.member)) continue;
    make_folder_above(place.path);
    databases_.push_back({place, std::make_unique<PartialFile>(place.path, true)});
  }
  for (const BackupPlace& place : places_.folders) {
    if (!lists(manifest.folders, place.member)) continue;
    make_folder_above(place.path);
    const std::string path =
        place.path + (is_mounted(place.path) ? std::string("/") + kInsideName : ".restore-partial");
    remove_all(path);  // of a restore that was killed
    if (::mkdir(path.c_str(), 0700) != 0) throw_errno(path, "cannot be made", errno);
    folders_.push_back({place, path});
  }
}

// Whoever restores as root does so for a server that is not.
std::optional<RestoreStaging::Owner> RestoreStaging::owner_for(const std::string& path) {
  struct stat status {};
  if (::geteuid() != 0) return std::nullopt;
  if (::stat(path.c_str(), &status) != 0 &&
      ::stat(fs::path(path).parent_path().c_str(), &status) != 0) {
    return std::nullopt;
  }
  return Owner{status.st_uid, status.st_gid};
}

void RestoreStaging::give(int file, const std::optional<Owner>& owner) {
  if (owner && ::fchown(file, owner->user, owner->group) != 0) {
    throw_errno("A restored file", "cannot be given to its owner", errno);
  }
}

std::string RestoreStaging::path_of(const TarMember& member) const {
  for (const Folder& folder : folders_) {
    const std::string& top = folder.place.member;
    if (member.path == top) return folder.path;
    if (member.path.starts_with(top + "/")) return folder.path + member.path.substr(top.size());
  }
  throw Error(ErrorCode::InvalidState,
              "The backup holds '" + log_text(member.path) + "', which has no place.");
}

void RestoreStaging::make_folder(const std::string& path, unsigned mode) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    throw_errno(path, "cannot be made", errno);
  }
  const FileDescriptor folder(
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder || ::fchmod(folder.get(), static_cast<mode_t>(mode | 0700U)) != 0) {
    throw_errno(path, "cannot be made", errno);
  }
  give(folder.get(), owner_);
}

void RestoreStaging::make_parents(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  struct stat status {};
  if (::lstat(parent.c_str(), &status) == 0) return;
  make_parents(parent);
  make_folder(parent, 0755);
}

void RestoreStaging::folder(const TarMember& member) {
  const std::string path = path_of(member);
  for (const Folder& folder : folders_) {
    if (path.starts_with(folder.path)) owner_ = owner_for(folder.place.path);
  }
  make_parents(path);
  make_folder(path, member.mode);
}

void RestoreStaging::begin_file(const TarMember& member) {
  member_ = member;
  for (const Database& database : databases_) {
    if (member.path != database.place.member) continue;
    owner_ = owner_for(database.place.path);
    descriptor_ = database.file->descriptor();
    return;
  }
  const std::string path = path_of(member);
  for (const Folder& folder : folders_) {
    if (path == folder.path) {
      throw Error(ErrorCode::InvalidState, "The backup holds a file in the place of a folder.");
    }
    if (path.starts_with(folder.path + "/")) owner_ = owner_for(folder.place.path);
  }
  make_parents(path);
  file_ = FileDescriptor(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_ && errno == EEXIST) {
    throw Error(ErrorCode::InvalidState, "The backup holds " + log_text(member.path) + " twice.");
  }
  if (!file_) throw_errno(path, "cannot be written", errno);
  descriptor_ = file_.get();
}

void RestoreStaging::write(const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::write(descriptor_, data, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno("What is unpacked", "cannot be written", errno);
    data += count;
    size -= static_cast<std::size_t>(count);
  }
}

void RestoreStaging::end_file() {
  if (::fchmod(descriptor_, static_cast<mode_t>(member_.mode | 0600U)) != 0) {
    throw_errno("What is unpacked", "cannot be written", errno);
  }
  give(descriptor_, owner_);
  struct timespec changed {};
  changed.tv_sec = member_.modified_ns / kNanoseconds;
  changed.tv_nsec = member_.modified_ns % kNanoseconds;
  const std::array<struct timespec, 2> times{changed, changed};
  ::futimens(descriptor_, times.data());  // as good as it goes
  file_ = FileDescriptor();
  descriptor_ = -1;
}

// One sync for all files of a file system: one for each of a million takes hours.
void RestoreStaging::sync() {
  for (const Database& database : databases_) database.file->sync();
  for (const Folder& folder : folders_) {
    const FileDescriptor file(::open(folder.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file || ::syncfs(file.get()) != 0) {
      throw_errno(folder.path, "cannot be written to disk", errno);
    }
  }
}

}  // namespace millrace
