#include "api/http/memory_budget.h"

#include <gtest/gtest.h>

namespace millrace::memory_budget_test {
namespace {

TEST(MemoryBudget, WhoHasMoreThanAnEqualPartGivesWay) {
  MemoryBudget budget(1000);
  MemoryBudget::Share large(budget);
  large.set(900);
  EXPECT_TRUE(large.fits());
  {
    MemoryBudget::Share small(budget);
    small.add(100);
    EXPECT_TRUE(small.fits());
    small.add(100);
    EXPECT_TRUE(small.fits());  // within its part
    EXPECT_FALSE(large.fits());
    large.set(500);
    EXPECT_TRUE(large.fits());
    small.set(501);
    EXPECT_FALSE(small.fits());
  }
  large.set(1000);
  EXPECT_TRUE(large.fits());  // what the other one had is free
}

TEST(MemoryBudget, NotMoreGiveWayThanHaveTo) {
  MemoryBudget budget(1000);
  MemoryBudget::Share first(budget), second(budget), third(budget);
  for (MemoryBudget::Share* share : {&first, &second, &third}) share->set(450);
  EXPECT_FALSE(first.fits());
  EXPECT_TRUE(second.fits());
  EXPECT_TRUE(third.fits());
  first.set(100);
  EXPECT_TRUE(first.fits());
}

}  // namespace
}  // namespace millrace::memory_budget_test
