// What the process keeps of the memory that large requests have taken. The allocator, glibc's,
// keeps what was freed, in an arena for each thread.
#pragma once

#include <cstddef>

namespace millrace {

// Bytes of JSON, asked or answered, from which on a request is large: the values take many times
// that.
inline constexpr std::size_t kLargeRequest = std::size_t{1} << 20U;

// To be called once, before requests are served: what one block of a large request takes, or is
// left free at an arena's end, goes back by itself.
void limit_kept_memory();

// Gives back what is free between blocks in use. For the end of a start and of a large request;
// several at once do it once.
void give_memory_back();

}  // namespace millrace
