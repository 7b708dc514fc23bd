// What the process keeps of the memory that the start and large requests have taken. The allocator,
// glibc's, keeps what was freed, in an arena for each thread.
#pragma once

#include <cstddef>

namespace millrace {

// Bytes of JSON, asked or answered, from which on a request is large: the values take many times
// that.
inline constexpr std::size_t kLargeRequest = std::size_t{1} << 20U;

// To be called once, before requests are served: what one block of a large request takes, or is
// left free at an arena's end, goes back by itself.
void limit_kept_memory();

// Gives back what is free between blocks in use. For the end of a large request; several at once do
// it once.
void give_memory_back();

// The same for the end of the start, and lets go of the pages of the program and its libraries,
// most of which only the start has read: the linker's tables, initializers, the checks of the
// schema. What is wanted again comes back from the kernel's cache.
void give_back_start();

}  // namespace millrace
