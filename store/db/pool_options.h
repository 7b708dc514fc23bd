// How many sessions a database server gets, and for how long.
#pragma once

#include <chrono>
#include <cstddef>

namespace millrace {

struct PoolOptions {
  // Sessions that are kept open once they were needed. With 0 each one is closed after its use.
  std::size_t size = 8;
  // Further ones under load; they are closed some seconds after their use. At least one session is
  // allowed. With as many places as there are clients each place would be a read's and a write's in
  // turn, which costs a database more than the company gains.
  std::size_t overflow = 16;
  // A session that is older is replaced before its next use; 0: never.
  std::chrono::seconds recycle{0};
};

}  // namespace millrace
