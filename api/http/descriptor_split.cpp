#include "api/http/descriptor_split.h"

#include <sys/resource.h>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::size_t kForTheServer = 128;
constexpr std::size_t kOfATransfer = 4;  // its connection is one of them

}  // namespace

DescriptorSplit split_descriptors(std::size_t all, std::size_t max_threads,
                                  std::size_t max_transfers) {
  DescriptorSplit split{};
  // At small limits everything gets its part.
  const std::size_t server = std::min(kForTheServer, all / 4);
  split.threads = std::clamp<std::size_t>(all / 4, 1, max_threads);
  split.transfers = std::clamp<std::size_t>(all / 16, 1, max_transfers);
  const std::size_t taken = server + split.threads + split.transfers * (kOfATransfer - 1);
  split.connections = all > taken + 1 ? all - taken : 1;
  return split;
}

std::size_t take_descriptors() {
  constexpr std::size_t kMost = 65536;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(limit.rlim_cur, kMost);
}

}  // namespace millrace
