#include "api/backup/artifact_walk.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "api/backup/partial_file.h"
#include "artifacts/file_descriptor.h"
#include "artifacts/folder.h"
#include "artifacts/path_rules.h"
#include "artifacts/real_path.h"

namespace millrace {
namespace {

class ArtifactWalk {
 public:
  ArtifactWalk(const std::string& root, const std::set<std::string>& left_out,
               const std::function<void(const WalkedItem&)>& item,
               const std::function<void(const std::string&)>& skipped)
      : root_(root), left_out_(left_out), item_(item), skipped_(skipped) {}

  // `folder` is "" or ends with a slash.
  void walk(const std::string& folder) {
    for (const std::string& name : names_in(root_ + "/" + folder)) {
      const std::string path = root_ + "/" + folder + name;
      if (name.starts_with(kUploadPrefix) || left_out_.contains(path)) continue;
      if (folder.empty() && name == kLostAndFound) continue;
      struct stat found {};
      if (::lstat(path.c_str(), &found) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) continue;  // gone
        throw_errno(path, "cannot be read", errno);
      }
      if (S_ISDIR(found.st_mode)) {
        item_({folder + name, true, path, 0});
        walk(folder + name + "/");
      } else if (S_ISREG(found.st_mode)) {
        item_({folder + name, false, path, static_cast<std::uint64_t>(found.st_size)});
      } else if (S_ISLNK(found.st_mode)) {
        follow(folder + name, path);
      } else {
        skipped_(path + " is neither a file nor a folder: left out.");
      }
    }
  }

 private:
  static std::vector<std::string> names_in(const std::string& path) {
    std::vector<std::string> names;
    const FileDescriptor folder(
        ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) {
      if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return names;
      throw_errno(path, "cannot be read", errno);
    }
    each_entry(folder.get(), [&](const std::string& name) { names.push_back(name); });
    std::sort(names.begin(), names.end());
    return names;
  }

  void follow(const std::string& name, const std::string& path) {
    const auto target = resolve_path(path);
    struct stat found {};
    if (!target || !is_within(*target, root_)) {
      skipped_(path + " is a link that leads out of the folder: left out.");
    } else if (::lstat(target->c_str(), &found) != 0) {
      if (errno != ENOENT && errno != ENOTDIR) throw_errno(*target, "cannot be read", errno);
      skipped_(path + " is a link to nothing: left out.");
    } else if (!S_ISREG(found.st_mode)) {
      skipped_(path + " is a link to no file: left out.");
    } else if (!left_out_.contains(*target)) {
      item_({name, false, *target, static_cast<std::uint64_t>(found.st_size)});
    }
  }

  const std::string& root_;
  const std::set<std::string>& left_out_;
  const std::function<void(const WalkedItem&)>& item_;
  const std::function<void(const std::string&)>& skipped_;
};

}  // namespace

void walk_artifacts(const std::string& root, const std::set<std::string>& left_out,
                    const std::function<void(const WalkedItem&)>& item,
                    const std::function<void(const std::string&)>& skipped) {
  ArtifactWalk(root, left_out, item, skipped).walk("");
}

}  // namespace millrace
