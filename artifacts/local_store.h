// Artifacts as files below a folder of this machine.
#pragma once

#include <stop_token>
#include <string>

#include "artifacts/artifact_store.h"
#include "artifacts/folder.h"

namespace millrace {

// What a look for the uploads of crashes found.
struct StaleUploads {
  std::size_t removed = 0;
  std::string failure;  // why the first folder of those that could not be read was left alone
};

class LocalStore : public ArtifactStore {
 public:
  // The folder `below` of `root` (see Folder); made when something is stored.
  explicit LocalStore(std::string root, std::string below = "")
      : folder_(std::move(root), std::move(below)) {}

  ArtifactKind kind(const std::string& path) override;
  std::unique_ptr<ArtifactFile> open(const std::string& path) override;
  std::unique_ptr<ArtifactUpload> upload(const std::string& path) override;
  std::vector<ArtifactEntry> list(const std::string& path) override;
  void remove(const std::string& path) override;

  // Removes what uploads of a process that has crashed left: files of ours that nobody holds, and
  // others' (MLflow's) that are a day old. Ends early when `stop` asks for it.
  StaleUploads remove_stale_uploads(const std::stop_token& stop = {});

 private:
  Folder folder_;
};

}  // namespace millrace
