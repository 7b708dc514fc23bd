// What tests of database servers share; they run where MILLRACE_TEST_DATABASE names one. A test
// file derives its fixture from ServerSuite and ends with MILLRACE_SERVER_SUITE(fixture).
#pragma once

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "store/suites/registry.h"

namespace millrace {

inline std::vector<DatabaseKind> server_kinds() {
  std::vector<DatabaseKind> kinds = database_kinds();
  std::erase_if(kinds, [](const DatabaseKind& kind) { return kind.name == "Sqlite"; });
  return kinds;
}

class ServerSuite : public RegistrySuite {
 protected:
  static constexpr int kMany = 100'000;

  static const char* uri() { return std::getenv("MILLRACE_TEST_DATABASE"); }
  bool is_mysql() { return db().dialect() == Dialect::Mysql; }

  // Which session the server sees at the other end.
  std::int64_t session_id(Session& s) {
    return std::get<0>(
        *s.first<std::int64_t>(is_mysql() ? "SELECT CONNECTION_ID()" : "SELECT pg_backend_pid()"));
  }

  // A statement whose rows are a number, from 1, and 1,000 characters.
  std::string many_rows(int rows) {
    const std::string count = std::to_string(rows);
    return is_mysql() ? "SELECT seq, REPEAT('x', 1000) FROM seq_1_to_" + count
                      : "SELECT n, REPEAT('x', 1000) FROM generate_series(1, " + count + ") AS n";
  }

  // A statement that takes much longer than any test; one integer.
  std::string endless() {
    return is_mysql() ? "SELECT COUNT(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b"
                      : "SELECT COUNT(*) FROM generate_series(1, 1000000) a, pg_sleep(60)";
  }
  bool runs_endless(std::int64_t id) {
    const std::string sql =
        is_mysql() ? "SELECT COUNT(*) FROM information_schema.processlist"
                     " WHERE id = :id AND info LIKE '%seq_1_to%'"
                   : "SELECT COUNT(*) FROM pg_stat_activity"
                     " WHERE pid = :id AND state = 'active' AND query LIKE '%generate_series%'";
    return administrator.read([&](Session& s) { return s.first<std::int64_t>(sql, {id}); }) !=
           std::make_tuple(std::int64_t{0});
  }

  // From a session of another pool, also inside a body.
  void kill(std::int64_t id) {
    tell(is_mysql() ? "KILL " + std::to_string(id)
                    : "SELECT pg_terminate_backend(" + std::to_string(id) + ")");
  }
  void end_statement(std::int64_t id) {
    tell(is_mysql() ? "KILL QUERY " + std::to_string(id)
                    : "SELECT pg_cancel_backend(" + std::to_string(id) + ")");
  }

  // Whether several sessions of the server are behind one connection.
  static bool is_pooler() { return std::getenv("MILLRACE_TEST_POOLER") != nullptr; }

  static bool is_true_soon(const std::function<bool()>& condition) {
    for (int i = 0; i < 100; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
  }

  Db pooled{{uri(), {.size = 2, .overflow = 1}}};
  Db administrator{{uri(), {.size = 1}}};

 private:
  void tell(const std::string& sql) {
    std::thread([&] { administrator.read([&](Session& s) { s.execute(sql); }); }).join();
  }
};

#define MILLRACE_SERVER_SUITE(fixture)                    \
  GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(fixture); \
  INSTANTIATE_TEST_SUITE_P(Databases, fixture, testing::ValuesIn(server_kinds()), kind_name)

}  // namespace millrace
