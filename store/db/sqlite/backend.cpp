#include "store/db/sqlite/backend.h"

#include <algorithm>
#include <thread>

namespace millrace {
namespace {

// Reads are bound by the processor, so more sessions than this would only cost memory.
std::size_t max_readers() {
  static const auto most = std::clamp<std::size_t>(2 * std::thread::hardware_concurrency(), 4, 16);
  return most;
}

}  // namespace

SqliteBackend::SqliteBackend(const std::string& path)
    : path_(path), lane_(path), journal_(lane_.session(), path) {}

SqliteBackend::~SqliteBackend() {
  idle_.clear();  // before the journal's end, which needs to be alone
}

void SqliteBackend::read(const Db::ErasedBody& body) {
  Reader reader = take_reader();
  try {
    reader->execute("BEGIN");
    body(*reader);
    reader->execute("COMMIT");
  } catch (...) {
    try {
      if (reader->in_transaction()) reader->execute("ROLLBACK");
    } catch (const Error&) {
      reader.reset();
    }
    give_back(std::move(reader));
    throw;
  }
  give_back(std::move(reader));
}

SqliteBackend::Reader SqliteBackend::take_reader() {
  {
    std::unique_lock lock(mutex_);
    reader_free_.wait(lock, [this] { return !idle_.empty() || open_ < max_readers(); });
    if (!idle_.empty()) {
      Reader reader = std::move(idle_.back());
      idle_.pop_back();
      return reader;
    }
    ++open_;
  }
  try {
    return std::make_unique<SqliteSession>(path_, SqliteSession::Role::Reader);
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

// A null reader is one that was lost.
void SqliteBackend::give_back(Reader reader) {
  {
    const std::lock_guard lock(mutex_);
    if (reader) {
      idle_.push_back(std::move(reader));
    } else {
      --open_;
    }
  }
  reader_free_.notify_one();
}

}  // namespace millrace
