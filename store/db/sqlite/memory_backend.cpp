#include "store/db/sqlite/memory_backend.h"

namespace millrace {

SqliteMemoryBackend::SqliteMemoryBackend() : session_(":memory:", SqliteSession::Role::Writer) {}

void SqliteMemoryBackend::read(const Db::ErasedBody& body, const WorkOrder& order) {
  run(
      [&](Session& session) {
        body(session);
        if (!session_.has_changed()) return;
        throw Error(ErrorCode::InternalError, "A read has changed something.");
      },
      order);
}

void SqliteMemoryBackend::write(const Db::ErasedBody& body, const WorkOrder& order) {
  run(body, order);
}

void SqliteMemoryBackend::try_write(const Db::ErasedBody& body,
                                    std::chrono::milliseconds patience) {
  run(body, WorkOrder{.deadline = std::chrono::steady_clock::now() + patience});
}

void SqliteMemoryBackend::run(const Db::ErasedBody& body, const WorkOrder& order) {
  const WaitingLine::Place place = line_.enter_to_write(order);
  try {
    const Watch::Watched watched(watch_, order, session_);
    session_.execute("BEGIN");
    session_.forget_changes();
    body(session_);
    session_.execute("COMMIT");
  } catch (...) {
    if (session_.in_transaction()) session_.execute("ROLLBACK");
    throw;
  }
}

}  // namespace millrace
