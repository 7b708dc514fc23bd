// MySQL and MariaDB by the MariaDB client library.
#include "store/db/server/driver.h"

#include <mysqld_error.h>
#include <soci/mysql/soci-mysql.h>

#include "store/db/mysql/administration.h"
#include "store/db/mysql/connection.h"

namespace millrace {
namespace {

class MysqlDriver final : public ServerDriver {
 public:
  explicit MysqlDriver(const ServerAddress& address)
      : address_(address), killer_(address.connect_string) {}

  Dialect dialect() const override { return Dialect::Mysql; }
  std::unique_ptr<Connection> connect() override try {
    return std::make_unique<MariadbConnection>(address_, killer_);
  } catch (const soci::mysql_soci_error& error) {
    throw DatabaseFailure({Failure::Unreachable, std::to_string(error.err_num_)},
                          error.get_error_message());
  } catch (const soci::soci_error& error) {
    throw DatabaseFailure({Failure::Unreachable}, error.get_error_message());
  }
  std::unique_ptr<Administration> administration() const override {
    return std::make_unique<MysqlAdministration>(address_);
  }
  bool takes_nul() const override { return true; }
  bool is_denied(const DatabaseFailure& failure) const override;

 private:
  const ServerAddress address_;
  QueryKiller killer_;
};

bool MysqlDriver::is_denied(const DatabaseFailure& failure) const {
  const std::string& code = failure.failure().reason;
  if (code.empty()) return true;  // it lacks the TLS that the URI asks for
  for (const int denial : {ER_ACCESS_DENIED_ERROR, ER_ACCESS_DENIED_NO_PASSWORD_ERROR,
                           ER_DBACCESS_DENIED_ERROR, ER_BAD_DB_ERROR}) {
    if (code == std::to_string(denial)) return true;
  }
  return false;
}

}  // namespace
}  // namespace millrace

extern "C" std::unique_ptr<millrace::ServerDriver> millrace_open_server_driver(
    const millrace::ServerAddress& address) {
  return std::make_unique<millrace::MysqlDriver>(address);
}
