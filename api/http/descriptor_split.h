// How the descriptors that the system grants are divided.
#pragma once

#include <cstddef>

namespace millrace {

struct DescriptorSplit {
  std::size_t threads;      // that handle requests, each with a file of its own
  std::size_t transfers;    // threads whose request may have up to four open
  std::size_t connections;  // and files that are being sent on them
};

// Of `all`, for at most that many threads; the rest is for databases, artifacts and the server
// itself.
DescriptorSplit split_descriptors(std::size_t all, std::size_t max_threads,
                                  std::size_t max_transfers);

// Takes all that the system grants, and tells how many these are.
std::size_t take_descriptors();

}  // namespace millrace
