// MySQL and MariaDB by MySQL Connector/C++.
#pragma once

#include <cppconn/connection.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "store/db/administration.h"
#include "store/db/mysql/cluster_lock.h"
#include "store/db/server/driver.h"

namespace sql {
class PreparedStatement;
class SQLException;
}  // namespace sql

namespace millrace {

class MysqlAdministration final : public Administration {
 public:
  explicit MysqlAdministration(const ServerAddress& address);

  using Administration::query;
  Dialect dialect() const override { return Dialect::Mysql; }
  std::vector<Row> query(const std::string& sql, const Values& values) override;
  long long change(const std::string& sql, const Values& values) override;
  void define(const std::string& sql) override;
  void lock() override;
  void create_database(const std::string& name) override;
  void begin(ForeignKeys keys) override;
  void commit() override;
  void roll_back() noexcept override;

  // As define(), without asking for the cluster's lock: for the lock itself.
  void execute(const std::string& sql);

 private:
  // Runs `body`, outside of a transaction again after a conflict; `harmless` says which of the
  // server's errors are none.
  using Harmless = std::function<bool(const sql::SQLException&)>;
  void run(const std::function<void()>& body, const Harmless& harmless = {});
  std::unique_ptr<sql::PreparedStatement> prepare(const std::string& sql, const Values& values);

  std::unique_ptr<sql::Connection> connection_;
  bool on_cluster_ = false;
  bool in_transaction_ = false;
  std::optional<ClusterLock> cluster_lock_;  // from lock() on, on a node of a cluster
};

}  // namespace millrace
