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

bool MemoryBudget::Share::fits() const {
  return budget_.bytes_ <= budget_.limit_ || bytes_ <= budget_.limit_ / budget_.shares_;
}

}  // namespace millrace
