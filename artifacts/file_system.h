// What a file system promises beyond POSIX.
#pragma once

namespace millrace {

// Whether the file system of an open file puts its metadata on disk in the order of the changes,
// those of all files in one journal: XFS, and ext4 with a journal. False when it cannot be told.
bool has_ordered_journal(int file);

}  // namespace millrace
