#include "artifacts/file_system.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "artifacts/file_descriptor.h"

namespace millrace::file_system_test {
namespace {

// The tests of durability under compat-tests show what a disk with a journal does.
TEST(HasOrderedJournal, NotWhereThereIsNoDisk) {
  EXPECT_FALSE(has_ordered_journal(FileDescriptor(open("/proc/self/status", O_RDONLY)).get()));
  EXPECT_FALSE(has_ordered_journal(-1));
}

}  // namespace
}  // namespace millrace::file_system_test
