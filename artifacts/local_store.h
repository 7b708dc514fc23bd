// Artifacts as files below a folder of this machine.
#pragma once

#include <stop_token>
#include <string>

#include "artifacts/artifact_store.h"
#include "artifacts/folder.h"

namespace millrace {

class LocalStore : public ArtifactStore {
 public:
  // `root`: an absolute path; made when something is stored.
  explicit LocalStore(std::string root) : folder_(std::move(root)) {}

  ArtifactKind kind(const std::string& path) override;
  std::unique_ptr<ArtifactFile> open(const std::string& path) override;
  std::unique_ptr<ArtifactUpload> upload(const std::string& path) override;
  std::vector<ArtifactEntry> list(const std::string& path) override;
  void remove(const std::string& path) override;

  // Removes what uploads of a process that has crashed left: files of ours that nobody holds, and
  // others' (MLflow's) that are a day old. Ends early when `stop` asks for it. Returns how many.
  std::size_t remove_stale_uploads(const std::stop_token& stop = {});

 private:
  Folder folder_;
};

}  // namespace millrace
