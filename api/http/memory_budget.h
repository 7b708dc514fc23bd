// One bound for what all connections together keep in memory: requests that are arriving or being
// handled, and replies that are not taken.
#pragma once

#include <atomic>
#include <cstddef>

namespace millrace {

class MemoryBudget {
 public:
  // In bytes.
  explicit MemoryBudget(std::size_t limit) : limit_(limit) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // What one connection keeps. The budget outlives it.
  class Share {
   public:
    explicit Share(MemoryBudget& budget) : budget_(budget) { ++budget_.shares_; }
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    void set(std::size_t bytes);
    void add(std::size_t bytes) { set(bytes_ + bytes); }
    // False when all keep too much together, and this one more than an equal part of the limit: it
    // has to give way. What it keeps counts no more then, so that not more give way than have to.
    bool fits();

   private:
    MemoryBudget& budget_;
    std::size_t bytes_ = 0;
  };

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> shares_{0};
};

}  // namespace millrace
