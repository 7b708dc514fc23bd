// The room store/db: connections to databases: addresses, drivers, sessions, pools, lanes,
// transactions, and what differs between dialects. The only room that knows SOCI and the client
// libraries. May use store/common and store/text; knows no table of MLflow's.
//
// The database: pooled sessions, one transaction per unit of work, group commit on SQLite.
// All SQL of Millrace runs inside a body given to `read` or `write`; nothing outside store/ sees
// SOCI.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "store/db/dialect.h"
#include "store/db/pool_options.h"
#include "store/db/work.h"

namespace millrace {

struct DbOptions {
  std::string uri;        // MLflow's form (database_uri.h, sqlite/uri.h)
  PoolOptions pool = {};  // of a database server; SQLite has its own
};

// Thread-safe. Bodies may run on another thread than the caller's, one of them per session, and
// must not call read or write of any Db (INTERNAL_ERROR) but in write_together: they would wait for
// themselves.
class Db {
 public:
  // Opens the database, creating the file and its folders; throws Error when it cannot:
  // TEMPORARILY_UNAVAILABLE where a later try may succeed, as while its server comes up.
  explicit Db(const DbOptions& options);
  // No read or write may be under way. On SQLite checkpoints and puts back the journal mode that
  // was found, if nobody else has the file open.
  ~Db();
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  Dialect dialect() const;
  // The URI that it was opened with, for messages to the administrator (it may hold a password).
  const std::string& uri() const { return uri_; }

  // Runs `body(Work&, args...)` in a read transaction (one snapshot, nothing can be written) and
  // returns its result. On SQLite in WAL mode it never waits for a writer.
  template <class Body, class... Args>
  auto read(const WorkOrder& order, Body&& body, const Args&... args)
      -> std::invoke_result_t<Body, Work&, const Args&...> {
    return give_result<std::invoke_result_t<Body, Work&, const Args&...>>(
        [&](const WorkBody& erased) { run_read(erased, order); }, body, args...);
  }
  template <class Body>
  auto read(Body&& body) -> std::invoke_result_t<Body, Work&> {
    return read(WorkOrder{}, std::forward<Body>(body));
  }

  // Runs `body(Work&, args...)` in a write transaction, commits, and returns its result: when this
  // returns, the change is on disk. The body may run more than once and must have no side effects
  // but SQL. A throwing body leaves nothing behind.
  template <class Body, class... Args>
  auto write(const WorkOrder& order, Body&& body, const Args&... args)
      -> std::invoke_result_t<Body, Work&, const Args&...> {
    return give_result<std::invoke_result_t<Body, Work&, const Args&...>>(
        [&](const WorkBody& erased) { run_write(erased, order); }, body, args...);
  }
  template <class Body>
  auto write(Load load, Body&& body) -> std::invoke_result_t<Body, Work&> {
    return write(WorkOrder{.load = load}, std::forward<Body>(body));
  }
  template <class Body>
  auto write(Body&& body) -> std::invoke_result_t<Body, Work&> {
    return write(WorkOrder{}, std::forward<Body>(body));
  }

  // Runs `body(Work&)` as write() does, but with all that the body gives to read and write of this
  // Db joining in, so that it is one transaction. The body may also call other databases' ones.
  template <class Body>
  auto write_together(const WorkOrder& order, Body&& body) -> std::invoke_result_t<Body, Work&> {
    return give_result<std::invoke_result_t<Body, Work&>>(
        [&](const WorkBody& erased) { run_write(erased, order, Joining::Allowed); }, body);
  }

  // Runs `body(Work&)` as write() does, but beside all other writes, and gives up after `patience`
  // (a little later where a database server itself waits for a lock): to see whether a write can
  // succeed at the moment.
  template <class Body>
  void try_write(std::chrono::milliseconds patience, Body&& body) {
    run_try_write([&](Work& work) { body(work); }, patience);
  }

  // Whether the last write failed with an error of the database (locked, full, read-only, ...), and
  // none has succeeded since.
  bool has_failed_to_write() const { return failed_to_write_.load(std::memory_order_relaxed); }

  // From now on every write throws PERMISSION_DENIED with that reason, which ends with a full stop:
  // clients do not repeat what is refused so. To be called before others use the database.
  void refuse_writes(std::string reason) { refusal_ = std::move(reason); }
  bool refuses_writes() const { return !refusal_.empty(); }
  // Throws as a write would.
  void require_writes() const;

  // True once the database is gone in such a way that only a new start of the process helps: a file
  // that was removed or replaced. Nothing is read or written then.
  bool is_lost() const;

  // What a server does with a database that it has prepared, our own tables included, before others
  // use it. On a database server a statement then ends by itself after that time, and each write
  // leaves a token by which it is found again after its connection was lost.
  void serve_requests(std::chrono::milliseconds statement_timeout);

  // For the end of the process: all bodies under way, and all that come later, throw
  // TEMPORARILY_UNAVAILABLE within a moment. From any thread.
  void end_all();

  // What a back end runs: as often as needed, on one session at a time.
  using ErasedBody = std::function<void(Session&)>;

  // One implementation per kind of database (backend.h).
  class Backend;

 private:
  using WorkBody = std::function<void(Work&)>;
  enum class Joining { Refused, Allowed };

  void run_read(const WorkBody& body, const WorkOrder& order);
  void run_write(const WorkBody& body, const WorkOrder& order, Joining joining = Joining::Refused);
  void run_try_write(const WorkBody& body, std::chrono::milliseconds patience);
  template <class Write>
  void note_outcome(const Write& write);

  // Runs `body` by `run` and returns what its last attempt did.
  template <class Result, class Run, class Body, class... Args>
  static Result give_result(const Run& run, Body& body, const Args&... args);

  std::string uri_;
  std::unique_ptr<Backend> backend_;
  Charset charset_ = Charset::Unicode;  // MySQL tells by its errors
  std::string refusal_;                 // why nothing is written; empty: all is
  std::atomic<bool> failed_to_write_ = false;
};

template <class Result, class Run, class Body, class... Args>
Result Db::give_result(const Run& run, Body& body, const Args&... args) {
  if constexpr (std::is_void_v<Result>) {
    run([&](Work& work) { std::invoke(body, work, args...); });
  } else {
    std::optional<Result> result;
    run([&](Work& work) { result.emplace(std::invoke(body, work, args...)); });
    return std::move(*result);
  }
}

}  // namespace millrace
