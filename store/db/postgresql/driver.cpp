// PostgreSQL by its client library.
#include "store/db/server/driver.h"

#include "store/db/postgresql/administration.h"
#include "store/db/postgresql/connection.h"
#include "store/db/postgresql/denial.h"

namespace millrace {
namespace {

class PostgresqlDriver final : public ServerDriver {
 public:
  explicit PostgresqlDriver(const ServerAddress& address) : address_(address) {}

  Dialect dialect() const override { return Dialect::Postgresql; }
  std::unique_ptr<Connection> connect() override {
    return std::make_unique<PostgresqlConnection>(address_);
  }
  std::unique_ptr<Administration> administration() const override {
    return std::make_unique<PostgresqlAdministration>(address_.connect_string);
  }
  bool takes_nul() const override { return false; }
  bool is_denied(const DatabaseFailure& failure) const override {
    return is_denied_by_postgresql(address_.connect_string, failure.what());
  }

 private:
  const ServerAddress address_;
};

}  // namespace
}  // namespace millrace

extern "C" std::unique_ptr<millrace::ServerDriver> millrace_open_server_driver(
    const millrace::ServerAddress& address) {
  return std::make_unique<millrace::PostgresqlDriver>(address);
}
