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

  std::vector<Row> query(const std::string& sql) override;
  void define(const std::string& sql) override;
  void lock() override;
  void create_database(const std::string& name) override;

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Result = std::unique_ptr<PGresult, Clear>;

  Result run(const std::string& sql);

  std::unique_ptr<PGconn, Finish> connection_;
};

}  // namespace millrace
