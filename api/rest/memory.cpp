#include "api/rest/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace millrace {
namespace {

// Of segments that are never written: what is in memory is what is in the file.
int let_go_of_segments(dl_phdr_info* object, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
    const std::uintptr_t aligned = begin / page * page;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses are what the linker tells
    madvise(reinterpret_cast<void*>(aligned), begin - aligned + segment.p_memsz, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

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

void give_back_start() {
  give_memory_back();
  dl_iterate_phdr(&let_go_of_segments, nullptr);
}

}  // namespace millrace
