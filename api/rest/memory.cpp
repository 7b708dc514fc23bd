#include "api/rest/memory.h"

#include <malloc.h>

#include <atomic>

namespace millrace {

// Without these glibc raises both limits to what was freed last, up to 32 and 64 MiB.
void limit_kept_memory() {
  mallopt(M_MMAP_THRESHOLD, int{kLargeRequest});
  mallopt(M_TRIM_THRESHOLD, int{kLargeRequest});
}

void give_memory_back() {
  static std::atomic_flag busy;
  if (busy.test_and_set()) return;
  malloc_trim(0);
  busy.clear();
}

}  // namespace millrace
