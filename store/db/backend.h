// What a kind of database provides to Db.
#pragma once

#include "store/db/database.h"

namespace millrace {

class Db::Backend {
 public:
  virtual ~Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  virtual Dialect dialect() const = 0;
  virtual void read(const ErasedBody& body) = 0;
  virtual void write(const ErasedBody& body, Load load) = 0;
  // Beside all other writes, and given up after `patience`.
  virtual void try_write(const ErasedBody& body, std::chrono::milliseconds patience) = 0;
  virtual bool is_lost() { return false; }

 protected:
  Backend() = default;
};

}  // namespace millrace
