// A backup as it is unpacked, beside the places for which it is meant.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/backup/partial_file.h"
#include "api/backup/reader.h"
#include "api/commands/backup_places.h"

namespace millrace {

// Whether a folder that is there is a file system of its own, which cannot be renamed.
bool is_mounted(const std::string& path);

// Whether a folder holds nothing that somebody put there.
bool is_vacant(const std::string& path);

// Unpacks databases as "<path>.partial" and folders as "<path>.restore-partial", in a mounted one
// as "<path>/.restore-partial". They go at the end unless they were put in their places. Trusts
// nothing of what it unpacks: only new files and folders below these are made.
class RestoreStaging : public BackupSink {
 public:
  // `check` sees the manifest before anything is written, and throws where it does not fit.
  RestoreStaging(const BackupPlaces& places, std::function<void(const Manifest&)> check);
  ~RestoreStaging() override;

  void begin(const Manifest& manifest) override;
  void folder(const TarMember& member) override;
  void begin_file(const TarMember& member) override;
  void write(const char* data, std::size_t size) override;
  void end_file() override;

  struct Database {
    BackupPlace place;
    std::unique_ptr<PartialFile> file;
  };
  struct Folder {
    BackupPlace place;
    std::string path;  // where it is unpacked
  };
  // Those that the manifest lists.
  const std::vector<Database>& databases() const { return databases_; }
  const std::vector<Folder>& folders() const { return folders_; }

  // Everything on disk.
  void sync();

 private:
  struct Owner {
    uid_t user;
    gid_t group;
  };
  static std::optional<Owner> owner_for(const std::string& path);
  static void give(int file, const std::optional<Owner>& owner);
  std::string path_of(const TarMember& member) const;
  void make_folder(const std::string& path, unsigned mode);
  void make_parents(const std::string& path);

  const BackupPlaces& places_;
  std::function<void(const Manifest&)> check_;
  std::vector<Database> databases_;
  std::vector<Folder> folders_;
  std::optional<Owner> owner_;  // of the member under way
  TarMember member_;
  FileDescriptor file_;  // of artifacts, while one is written
  int descriptor_ = -1;  // what is written, a database's or file_'s
};

}  // namespace millrace
