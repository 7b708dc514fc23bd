#include "api/commands/restore.h"

#include <fcntl.h>
#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "api/backup/progress.h"
#include "api/backup/reader.h"
#include "api/commands/backup_places.h"
#include "api/commands/restore_staging.h"
#include "api/commands/restore_switch.h"
#include "artifacts/real_path.h"
#include "store/common/clock.h"
#include "store/common/error.h"
#include "store/db/sqlite/copy.h"
#include "store/db/sqlite/exclusive.h"
#include "store/db/sqlite/uri.h"
#include "store/schema/file_revision.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

FileDescriptor open_backup(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) throw_errno(path, "cannot be read", errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw Error(ErrorCode::InvalidState, path + " is no plain file.");
  }
  return file;
}

std::string date_text(std::int64_t ms) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(ms / 1000));
}

bool is_there(const std::string& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

void require_known_revisions(const Manifest& manifest) {
  for (const BackedUpDatabase& one : manifest.databases) require_known_revision(one.revision);
}

// Only reads.
class CheckSink : public BackupSink {
 public:
  explicit CheckSink(Progress& progress) : progress_(progress) {}
  void begin(const Manifest& manifest) override {
    require_known_revisions(manifest);
    progress_.step("checking", manifest.bytes());
  }
  void folder(const TarMember&) override {}
  void begin_file(const TarMember&) override { ++files_; }
  void write(const char*, std::size_t) override {}
  void end_file() override {}
  std::uint64_t files() const { return files_; }

 private:
  Progress& progress_;
  std::uint64_t files_ = 0;
};

class Restore {
 public:
  Restore(const Config& config, const RestoreCommand& command)
      : command_(command), places_(backup_places(config, true)) {}

  void run() {
    const FileDescriptor file = open_backup(command_.file);
    RestoreStaging staging(places_, [this](const Manifest& manifest) { check(manifest); });
    const Manifest manifest = read_backup(file.get(), staging, progress_);
    progress_.step("checking the database", 0);
    for (const RestoreStaging::Database& one : staging.databases()) {
      require_sound_sqlite(one.file->temporary_path(), &Interruption::requested);
      known_revision_of_file(one.file->temporary_path());
    }
    progress_.step("waiting for the disk", 0);
    staging.sync();
    Interruption::check();
    put_in_place(staging);
    progress_.clear();
    tell(manifest, staging);
  }

 private:
  // Everything that can be known before the first byte is unpacked.
  void check(const Manifest& manifest) {
    require_known_revisions(manifest);
    require_places(manifest);
    for (const BackupPlace* place : used_) require_free(*place);
    require_separate();
    require_space(manifest);
    progress_.step("unpacking", manifest.bytes());
  }

  void require_places(const Manifest& manifest) {
    for (const BackedUpDatabase& one : manifest.databases)
      require_place(one.member, places_.databases);
    for (const BackedUpFolder& one : manifest.folders) require_place(one.member, places_.folders);
    const bool lacks_registry = !manifest.databases.empty() && places_.databases.size() > 1 &&
                                manifest.databases.size() == 1;
    if (lacks_registry) {
      throw Error(ErrorCode::InvalidState,
                  "The backup holds no database for --registry-store-uri: its registered models "
                  "are in that of --backend-store-uri.");
    }
  }

  void require_place(const std::string& member, const std::vector<BackupPlace>& places) {
    const auto found = std::find_if(places.begin(), places.end(), [&](const BackupPlace& place) {
      return place.member == member;
    });
    if (found == places.end()) {
      throw Error(ErrorCode::InvalidState, "The backup holds '" + member + "': tell with " +
                                               option_of(member) +
                                               " where on this machine it belongs.");
    }
    used_.push_back(&*found);
  }

  // Nothing may be in the place, unless it may be moved aside, and nobody may use it.
  void require_free(const BackupPlace& place) const {
    if (is_database(place)) {
      bool occupied = is_there(place.path);
      if (occupied) SqliteExclusive(place.path).let_go();
      for (const std::string_view suffix : kSqliteCompanions)
        occupied = occupied || is_there(place.path + std::string(suffix));
      if (occupied) require_force(place, "there is a database");
      return;
    }
    struct stat folder {};
    if (::lstat(place.path.c_str(), &folder) != 0) return;
    if (!S_ISDIR(folder.st_mode)) {
      throw Error(ErrorCode::InvalidState, place.path + " (" + place.option + ") is no folder.");
    }
    if (is_vacant(place.path)) return;
    if (is_mounted(place.path)) {
      throw Error(ErrorCode::InvalidState,
                  place.path + " (" + place.option +
                      ") is a mounted file system, which cannot be moved aside: empty it first.");
    }
    require_force(place, "the folder is not empty");
  }

  void require_force(const BackupPlace& place, const char* what) const {
    if (command_.force) return;
    throw Error(ErrorCode::InvalidState, place.path + " (" + place.option + "): " + what +
                                             "; --force moves it aside and keeps it.");
  }

  static bool is_database(const BackupPlace& place) {
    return place.member == kDatabaseMember || place.member == kRegistryMember;
  }

  // A folder is replaced as a whole.
  void require_separate() const {
    for (const BackupPlace* one : used_) {
      for (const BackupPlace* folder : used_) {
        if (one == folder || is_database(*folder) || !is_within(one->path, folder->path)) continue;
        throw Error(ErrorCode::InvalidState, one->path + " (" + one->option + ") lies inside " +
                                                 folder->path + " (" + folder->option +
                                                 "): unpack the backup with tar.");
      }
    }
  }

  void require_space(const Manifest& manifest) const {
    std::map<dev_t, std::uint64_t> needed;
    for (const BackupPlace* place : used_) {
      fs::path folder = place->path;
      if (!is_mounted(place->path)) folder = folder.parent_path();
      while (!is_there(folder.string()) && folder.has_relative_path()) {
        folder = folder.parent_path();
      }
      struct stat status {};
      std::error_code error;
      const auto space = fs::space(folder, error);
      if (error || ::stat(folder.c_str(), &status) != 0) continue;
      std::uint64_t& sum = needed[status.st_dev];
      sum += bytes_of(manifest, place->member);
      if (sum <= space.available) continue;
      throw Error(ErrorCode::InsufficientStorage,
                  "There is not enough room in " + folder.string() + ": the restore needs " +
                      size_text(sum) + ", " + size_text(space.available) + " are free.");
    }
  }

  static std::uint64_t bytes_of(const Manifest& manifest, const std::string& member) {
    for (const BackedUpDatabase& one : manifest.databases) {
      if (one.member == member) return one.bytes;
    }
    for (const BackedUpFolder& one : manifest.folders) {
      if (one.member == member) return one.bytes;
    }
    return 0;
  }

  // The databases last, so that a server that is started meanwhile finds no database whose
  // artifacts are still to come.
  void put_in_place(RestoreStaging& staging) {
    const std::string aside =
        fmt::format(".before-restore-{:%Y%m%d-%H%M%S}", fmt::gmtime(now_ms() / 1000));
    std::vector<std::unique_ptr<SqliteExclusive>> locks;  // held until all is put back, if it must
    RestoreSwitch moves;
    std::set<std::string> changed;
    for (const RestoreStaging::Database& one : staging.databases()) {
      if (is_there(one.place.path)) {
        locks.push_back(std::make_unique<SqliteExclusive>(one.place.path));
        locks.back()->write_log_back();
      }
    }
    for (const RestoreStaging::Folder& one : staging.folders()) {
      const std::string& path = one.place.path;
      if (is_mounted(path)) {
        move_inside(moves, one);
        changed.insert(path);
        continue;
      }
      if (is_there(path) && !is_vacant(path)) set_aside(moves, path, path + aside);
      moves.move(one.path, path);
      changed.insert(fs::path(path).parent_path());
    }
    for (const RestoreStaging::Database& one : staging.databases()) {
      const std::string& path = one.place.path;
      if (is_there(path)) set_aside(moves, path, path + aside);
      for (const std::string_view companion : kSqliteCompanions) {
        const std::string suffix(companion);
        if (is_there(path + suffix)) set_aside(moves, path + suffix, path + aside + suffix);
      }
      one.file->commit();
      moves.placed(path);
      changed.insert(fs::path(path).parent_path());
    }
    moves.done();
    for (const std::string& folder : changed) sync_folder_at(folder);
  }

  static void move_inside(RestoreSwitch& moves, const RestoreStaging::Folder& folder) {
    std::vector<fs::path> entries;  // before the first goes: a list that changes may leave some out
    for (const fs::directory_entry& entry : fs::directory_iterator(folder.path))
      entries.push_back(entry.path());
    for (const fs::path& entry : entries)
      moves.move(entry, fs::path(folder.place.path) / entry.filename());
  }

  void set_aside(RestoreSwitch& moves, const std::string& path, const std::string& aside) {
    moves.move(path, aside);
    kept_.push_back(aside);
  }

  void tell(const Manifest& manifest, const RestoreStaging& staging) const {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began_;
    fmt::print("Restored what was saved on {}: {} in {:.1f} s\n", date_text(manifest.created_ms),
               size_text(manifest.bytes()), seconds.count());
    const auto line = [&](const BackupPlace& place) {
      fmt::print("  {:<14} {}, {}\n", place.member, place.path,
                 size_text(bytes_of(manifest, place.member)));
    };
    for (const RestoreStaging::Database& one : staging.databases()) line(one.place);
    for (const RestoreStaging::Folder& one : staging.folders()) line(one.place);
    for (const std::string& path : kept_) fmt::print("What was there is kept as {}\n", path);
  }

  const RestoreCommand& command_;
  const BackupPlaces places_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  Progress progress_{"restore"};
  std::vector<const BackupPlace*> used_;  // of the members that the backup holds
  std::vector<std::string> kept_;
};

void check_only(const std::string& path) {
  const FileDescriptor file = open_backup(path);
  Progress progress("restore");
  CheckSink sink(progress);
  const Manifest manifest = read_backup(file.get(), sink, progress);
  progress.clear();
  fmt::print("{} is whole: saved on {}, {} files, {}\n", path, date_text(manifest.created_ms),
             sink.files(), size_text(manifest.bytes()));
}

}  // namespace

int run_restore(const Config& config, const RestoreCommand& command) {
  const Interruption interruption;
  try {
    if (command.check_only) {
      check_only(command.file);
    } else {
      Restore(config, command).run();
    }
  } catch (const Error&) {
    Interruption::check();
    throw;
  }
  return 0;
}

}  // namespace millrace
