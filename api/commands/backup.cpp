#include "api/commands/backup.h"

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <set>
#include <vector>

#include "api/backup/artifact_walk.h"
#include "api/backup/manifest.h"
#include "api/backup/partial_file.h"
#include "api/backup/progress.h"
#include "api/backup/reader.h"
#include "api/backup/writer.h"
#include "api/commands/backup_places.h"
#include "artifacts/real_path.h"
#include "store/common/clock.h"
#include "store/common/error.h"
#include "store/db/database_uri.h"
#include "store/db/sqlite/copy.h"
#include "store/db/sqlite/uri.h"
#include "store/schema/file_revision.h"
#include "store/text/log_text.h"
#include "store/tracking/file_locations.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

// What a member's headers and its line of the checksums take at most, roughly.
constexpr std::uint64_t kBytesBesideAFile = 2048;
constexpr std::uint64_t kMostPlacesTold = 10;

std::uint64_t size_or_0(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : size;
}

std::string quoted_for_shell(const std::string& word) {
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// A copy of a database beside the backup, gone at the end.
class TemporaryCopy {
 public:
  explicit TemporaryCopy(std::string path) : path_(std::move(path)) {
    remove();  // what a killed backup left
    const FileDescriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) throw_errno(path_, "cannot be written", errno);
  }
  ~TemporaryCopy() { remove(); }
  TemporaryCopy(const TemporaryCopy&) = delete;
  TemporaryCopy& operator=(const TemporaryCopy&) = delete;

  const std::string& path() const { return path_; }
  void remove() const {
    ::unlink(path_.c_str());
    for (const std::string_view suffix : kSqliteCompanions)
      ::unlink((path_ + std::string(suffix)).c_str());
  }

 private:
  const std::string path_;
};

class NoSink : public BackupSink {
 public:
  void begin(const Manifest&) override {}
  void folder(const TarMember&) override {}
  void begin_file(const TarMember&) override {}
  void write(const char*, std::size_t) override {}
  void end_file() override {}
};

class Backup {
 public:
  Backup(const Config& config, const BackupCommand& command)
      : config_(config),
        path_(resolve_path(command.file).value_or(fs::absolute(command.file).string())),
        places_(backup_places(config, !command.artifacts_only)) {
    require_databases();
    file_ = std::make_unique<PartialFile>(path_, command.force);
    leave_out();
    manifest_.created_ms = now_ms();
    manifest_.millrace_version = kMillraceVersion;
  }

  void run() {
    for (const std::string& line : places_.elsewhere) progress_.warn(line);
    warn_of_missing_folders();
    count_artifacts();
    require_space();
    copy_databases();
    write();
    verify();
    file_->commit();
    progress_.clear();
    tell();
  }

 private:
  void require_databases() const {
    for (const BackupPlace& place : places_.databases) {
      if (!fs::is_regular_file(place.path)) {
        throw Error(ErrorCode::InvalidState,
                    "There is no database " + place.path + "; " + place.option + " names another.");
      }
    }
  }

  // As of a server that nobody has stored an artifact with yet, or that has another folder.
  void warn_of_missing_folders() {
    for (const BackupPlace& place : places_.folders) {
      std::error_code ignored;
      if (fs::exists(place.path, ignored)) continue;
      progress_.warn("There is no folder " + place.path +
                     ", so no artifacts of it are saved. If the"
                     " server has them in another one, name it with " +
                     place.option + ".");
    }
  }

  // The backup itself, and databases, which may lie among the artifacts.
  void leave_out() {
    left_out_ = {path_, path_ + ".partial"};
    for (const BackupPlace& place : places_.databases) {
      left_out_.insert({place.path, place.path + "-wal.replaced", copy_path(place)});
      for (const std::string_view suffix : kSqliteCompanions)
        left_out_.insert(place.path + std::string(suffix));
    }
  }

  std::string copy_path(const BackupPlace& place) const {
    return path_ + ".partial." + place.member;
  }

  void count_artifacts() {
    progress_.step("counting the artifacts", 0);
    for (const BackupPlace& place : places_.folders) {
      BackedUpFolder folder{place.member};
      walk_artifacts(
          place.path, left_out_,
          [&](const WalkedItem& item) {
            folder.files += item.is_folder ? 0 : 1;
            folder.bytes += item.bytes;
            progress_.add(0);
          },
          [&](const std::string& line) { progress_.warn(line); });
      manifest_.folders.push_back(folder);
    }
  }

  // The copies of the databases lie beside the file until they are in it.
  void require_space() const {
    std::uint64_t databases = 0, artifacts = 0;
    for (const BackupPlace& place : places_.databases) {
      databases += size_or_0(place.path) + size_or_0(place.path + "-wal");
    }
    for (const BackedUpFolder& folder : manifest_.folders) {
      artifacts += folder.bytes + folder.files * kBytesBesideAFile;
    }
    const std::uint64_t needed = databases + std::max(databases, artifacts) + (1U << 20U);
    const fs::path folder = fs::path(path_).parent_path();
    std::error_code error;
    const auto space = fs::space(folder, error);
    if (error || space.available >= needed) return;
    throw Error(ErrorCode::InsufficientStorage,
                "There is not enough room in " + folder.string() + ": the backup needs up to " +
                    size_text(needed) + ", " + size_text(space.available) + " are free.");
  }

  void copy_databases() {
    for (const BackupPlace& place : places_.databases) {
      copies_.push_back(std::make_unique<TemporaryCopy>(copy_path(place)));
      const std::string& copy = copies_.back()->path();
      progress_.step("copying the database " + place.path, size_or_0(place.path));
      copy_sqlite(place.path, copy,
                  {[this](std::uint64_t done, std::uint64_t) { progress_.set(done); },
                   &Interruption::requested});
      manifest_.databases.push_back({place.member, known_revision_of_file(copy), size_or_0(copy)});
    }
    if (!copies_.empty()) warn_of_artifacts_elsewhere(copies_.front()->path());
  }

  // What an older setting, or a client, has put where nothing is saved.
  void warn_of_artifacts_elsewhere(const std::string& database) {
    std::uint64_t places = 0, experiments = 0;
    each_experiment_root_of_file(database, [&](const std::string& uri, std::uint64_t count) {
      if (holds_artifacts_of(places_, uri)) return;
      experiments += count;
      if (++places > kMostPlacesTold) return;
      progress_.warn(
          fmt::format("{} experiments keep their artifacts at {}, which is not included.", count,
                      log_text(without_password(uri))));
    });
    if (places > kMostPlacesTold) {
      progress_.warn(
          fmt::format("{} experiments in all keep their artifacts elsewhere.", experiments));
    }
  }

  void write() {
    progress_.step("writing " + path_, manifest_.bytes());
    BackupWriter writer(file_->descriptor(), manifest_, progress_);
    for (std::size_t i = 0; i < copies_.size(); ++i) {
      writer.add_file(places_.databases[i].member, copies_[i]->path());
      copies_[i]->remove();  // its room may be needed
    }
    for (const BackupPlace& place : places_.folders) {
      if (fs::is_directory(place.path)) writer.add_folder(place.member, place.path);
      walk_artifacts(
          place.path, left_out_,
          [&](const WalkedItem& item) {
            const std::string member = place.member + "/" + item.name;
            item.is_folder ? writer.add_folder(member, item.path)
                           : writer.add_file(member, item.path);
          },
          [](const std::string&) {});  // was told when they were counted
    }
    writer.finish();
    progress_.step("waiting for the disk", 0);
    file_->sync();
  }

  // What is read back comes from the disk, where the kernel can be asked for that.
  void verify() {
    posix_fadvise(file_->descriptor(), 0, 0, POSIX_FADV_DONTNEED);
    progress_.step("checking " + path_, manifest_.bytes());
    NoSink sink;
    read_backup(file_->descriptor(), sink, progress_);
  }

  void tell() const {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began_;
    fmt::print("Saved and checked {}: {} in {:.1f} s\n", path_, size_text(size_or_0(path_)),
               seconds.count());
    for (std::size_t i = 0; i < places_.databases.size(); ++i) {
      const BackedUpDatabase& one = manifest_.databases[i];
      fmt::print("  {:<14} {}, {}, schema {}\n", one.member, places_.databases[i].path,
                 size_text(one.bytes), one.revision);
    }
    for (std::size_t i = 0; i < places_.folders.size(); ++i) {
      const BackedUpFolder& one = manifest_.folders[i];
      fmt::print("  {:<14} {}, {} files, {}\n", one.member, places_.folders[i].path, one.files,
                 size_text(one.bytes));
    }
    fmt::print("To restore it, with the server stopped: {}\n", restore_command());
  }

  std::string restore_command() const {
    const Config defaults;
    std::string text = "millrace restore " + quoted_for_shell(path_);
    const auto add = [&text](const char* option, const std::string& value,
                             const std::string& standard) {
      if (value != standard) text += std::string(" ") + option + " " + quoted_for_shell(value);
    };
    if (!places_.databases.empty()) {
      add("--backend-store-uri", config_.backend_store_uri, defaults.backend_store_uri);
      add("--registry-store-uri", config_.registry_store_uri, config_.backend_store_uri);
    }
    add("--artifacts-destination", config_.artifacts_destination, defaults.artifacts_destination);
    add("--default-artifact-root", config_.default_artifact_root, defaults.default_artifact_root);
    if (!config_.serve_artifacts) text += " --no-serve-artifacts";
    return text;
  }

  const Config& config_;
  const std::string path_;
  const BackupPlaces places_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  Progress progress_{"backup"};
  std::unique_ptr<PartialFile> file_;
  std::set<std::string> left_out_;
  Manifest manifest_;
  std::vector<std::unique_ptr<TemporaryCopy>> copies_;  // of the databases, in their order
};

}  // namespace

int run_backup(const Config& config, const BackupCommand& command) {
  const Interruption interruption;
  try {
    Backup(config, command).run();
  } catch (const Error&) {
    Interruption::check();  // then that is the reason, whatever it led to
    throw;
  }
  return 0;
}

}  // namespace millrace
