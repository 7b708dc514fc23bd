#include "api/commands/restore_switch.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "api/backup/partial_file.h"
#include "store/common/error.h"

namespace millrace {

RestoreSwitch::~RestoreSwitch() {
  for (auto move = moves_.rbegin(); move != moves_.rend(); ++move) {
    const bool undone = move->from.empty() ? ::unlink(move->to.c_str()) == 0
                                           : ::rename(move->to.c_str(), move->from.c_str()) == 0;
    if (!undone) spdlog::error("{} could not be put back as it was", move->to);
  }
}

void RestoreSwitch::move(const std::string& from, const std::string& to) {
  std::error_code error;
  const bool there = std::filesystem::exists(std::filesystem::symlink_status(to, error));
  if (there && !std::filesystem::is_empty(to, error)) {
    throw Error(ErrorCode::InvalidState, to + " is there already.");
  }
  if (::rename(from.c_str(), to.c_str()) != 0) throw_errno(from, "cannot be moved", errno);
  moves_.push_back({from, to});
}

}  // namespace millrace
