// What lies in a folder of artifacts.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>

namespace millrace {

// What a file system of its own has at its top, for itself.
inline constexpr const char* kLostAndFound = "lost+found";

struct WalkedItem {
  std::string name;  // relative to the folder
  bool is_folder = false;
  std::string path;  // of the file or folder; of a link's target where it is one
  std::uint64_t bytes = 0;
};

// Calls `item` for the files and folders below `root`, a real path (artifacts/real_path.h), in
// order of their names and a folder before what is in it. Left out: what uploads under way have
// written, lost+found, the files of `left_out` (real paths) and, each told to `skipped` with the
// reason, what is neither a file nor a folder and links that lead elsewhere or to folders. A link
// to a file inside is given as that file. Nothing there is no error, nor what vanishes meanwhile.
// Throws INTERNAL_ERROR for what cannot be looked at.
void walk_artifacts(const std::string& root, const std::set<std::string>& left_out,
                    const std::function<void(const WalkedItem&)>& item,
                    const std::function<void(const std::string&)>& skipped);

}  // namespace millrace
