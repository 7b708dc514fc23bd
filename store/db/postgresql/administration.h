// PostgreSQL by its client library.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>

#include "store/db/administration.h"

namespace millrace {

class PostgresqlAdministration final : public Administration {
 public:
  explicit PostgresqlAdministration(const std::string& connect_string);

  using Administration::query;
  Dialect dialect() const override { return Dialect::Postgresql; }
  std::vector<Row> query(const std::string& sql, const Values& values) override;
  long long change(const std::string& sql, const Values& values) override;
  void define(const std::string& sql) override;
  void lock() override;
  void create_database(const std::string& name) override;
  void begin(ForeignKeys keys) override;
  void commit() override;
  void roll_back() noexcept override;

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Result = std::unique_ptr<PGresult, Clear>;

  using Handle = std::unique_ptr<PGconn, Finish>;

  Handle connect() const;
  Result run(const std::string& sql, const Values& values = {});
  void execute(const char* sql);
  [[noreturn]] void fail(const Result& result);

  const std::string connect_string_;
  const Handle connection_;
  Handle lock_keeper_;  // behind a pooler, from lock() on
};

}  // namespace millrace
