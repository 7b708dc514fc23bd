#include "api/http/memory_budget.h"

namespace millrace {

MemoryBudget::Share::~Share() {
  set(0);
  --budget_.shares_;
}

void MemoryBudget::Share::set(std::size_t bytes) {
  if (bytes == bytes_) return;
  budget_.bytes_ += bytes - bytes_;  // modulo: may be less than before
  bytes_ = bytes;
}

bool MemoryBudget::Share::fits() {
  std::size_t all = budget_.bytes_;
  while (all > budget_.limit_ && bytes_ > budget_.limit_ / budget_.shares_) {
    if (!budget_.bytes_.compare_exchange_weak(all, all - bytes_)) continue;
    bytes_ = 0;
    return false;
  }
  return true;
}

}  // namespace millrace
