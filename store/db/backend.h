// What a kind of database provides to Db.
#pragma once

#include "store/db/database.h"
#include "store/db/watch.h"

namespace millrace {

class Db::Backend {
 public:
  virtual ~Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  virtual Dialect dialect() const = 0;
  virtual void read(const ErasedBody& body, const WorkOrder& order) = 0;
  virtual void write(const ErasedBody& body, const WorkOrder& order) = 0;
  // Beside all other writes, and given up after `patience`.
  virtual void try_write(const ErasedBody& body, std::chrono::milliseconds patience) = 0;
  virtual bool is_lost() { return false; }
  // See Db.
  virtual void serve_requests(std::chrono::milliseconds /*statement_timeout*/) {}
  // Ends all work under way and all that comes later.
  void end_all() { watch_.end_all(); }

 protected:
  Backend() = default;

  Watch watch_;
};

}  // namespace millrace
