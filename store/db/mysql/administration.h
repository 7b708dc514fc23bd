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
class SQLException;
class Statement;
}  // namespace sql

namespace millrace {

class MysqlAdministration final : public Administration {
 public:
  explicit MysqlAdministration(const ServerAddress& address);

  std::vector<Row> query(const std::string& sql) override;
  void define(const std::string& sql) override;
  void lock() override;
  void create_database(const std::string& name) override;

  // As define(), without asking for the cluster's lock: for the lock itself.
  void execute(const std::string& sql);

 private:
  // Lets `body` work with a statement, again after a conflict; `harmless` says which of the
  // server's errors are none.
  void run(const std::function<void(sql::Statement&)>& body, bool (*harmless)(int code) = nullptr);

  std::unique_ptr<sql::Connection> connection_;
  bool on_cluster_ = false;
  std::optional<ClusterLock> cluster_lock_;  // from lock() on, on a node of a cluster
};

}  // namespace millrace
