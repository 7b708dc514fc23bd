#include "store/db/sqlite/copy.h"

#include <algorithm>
#include <string>

#include "store/common/error.h"
#include "store/db/sqlite/plain_connection.h"

namespace millrace {
namespace {

constexpr int kBytesOfAStep = 4 << 20;

// One copy under way, of SQLite's own making.
class PageCopy {
 public:
  PageCopy(SqlitePlainConnection& from, SqlitePlainConnection& to)
      : to_(to),
        copy_(sqlite_api::sqlite3_backup_init(to.handle(), "main", from.handle(), "main")) {
    if (copy_ == nullptr) to_.fail(sqlite_api::sqlite3_extended_errcode(to_.handle()));
  }
  ~PageCopy() { sqlite_api::sqlite3_backup_finish(copy_); }
  PageCopy(const PageCopy&) = delete;
  PageCopy& operator=(const PageCopy&) = delete;

  // False when all is done.
  bool step(int pages) {
    const int code = sqlite_api::sqlite3_backup_step(copy_, pages);
    if (code != SQLITE_OK && code != SQLITE_DONE) to_.fail(code);
    return code == SQLITE_OK;
  }
  std::uint64_t pages() const { return number(sqlite_api::sqlite3_backup_pagecount(copy_)); }
  std::uint64_t pages_left() const { return number(sqlite_api::sqlite3_backup_remaining(copy_)); }

 private:
  static std::uint64_t number(int pages) { return static_cast<std::uint64_t>(std::max(pages, 0)); }

  SqlitePlainConnection& to_;
  sqlite_api::sqlite3_backup* copy_;
};

void copy_pages(SqlitePlainConnection& from, SqlitePlainConnection& to, const CopyWatch& watch) {
  const int page_size = std::stoi(from.run("PRAGMA page_size"));
  PageCopy copy(from, to);
  bool more = true;
  while (more) {
    more = copy.step(kBytesOfAStep / page_size);
    const auto size = static_cast<std::uint64_t>(page_size);
    watch.copied((copy.pages() - copy.pages_left()) * size, copy.pages() * size);
  }
}

}  // namespace

void copy_sqlite(const std::string& path, const std::string& target, const CopyWatch& watch) {
  {
    SqlitePlainConnection source(path, SqlitePlainConnection::Mode::ReadOnly);
    // SQLite begins a copy anew when the database changes between two steps, unless the connection
    // that it reads from holds a snapshot.
    source.run("BEGIN");
    source.run("SELECT count(*) FROM sqlite_schema");
    SqlitePlainConnection copy(target, SqlitePlainConnection::Mode::ReadWrite);
    // A copy that breaks off is of no use to anybody, so nothing is kept to undo it.
    copy.run("PRAGMA journal_mode = OFF");
    copy.run("PRAGMA synchronous = OFF");
    copy.run("PRAGMA cache_size = -4096");  // KiB
    copy_pages(source, copy, watch);
    source.run("COMMIT");
  }
  {
    // The first page is the original's, and may say that there is a log.
    SqlitePlainConnection copy(target, SqlitePlainConnection::Mode::ReadWrite);
    copy.run("PRAGMA locking_mode = EXCLUSIVE");
    copy.run("PRAGMA synchronous = OFF");
    copy.run("PRAGMA journal_mode = DELETE");
  }
  require_sound_sqlite(target, watch.wants_stop);
}

void require_sound_sqlite(const std::string& path, const std::function<bool()>& wants_stop) {
  SqlitePlainConnection connection(path, SqlitePlainConnection::Mode::ReadOnly);
  connection.end_when(wants_stop);
  std::string damage = connection.run("PRAGMA quick_check(1)");
  if (damage != "ok") {
    std::replace(damage.begin(), damage.end(), '\n', ' ');
    throw Error(ErrorCode::InvalidState, "The database is damaged: " + damage + ".");
  }
}

}  // namespace millrace
