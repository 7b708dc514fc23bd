// The pool of sessions of a database server; runs where MILLRACE_TEST_DATABASE names one.
#include <barrier>
#include <cstdlib>

#include "store/suites/registry.h"

namespace millrace {
namespace {

std::vector<DatabaseKind> servers() {
  std::vector<DatabaseKind> kinds = database_kinds();
  std::erase_if(kinds, [](const DatabaseKind& kind) { return kind.name == "Sqlite"; });
  return kinds;
}

class ServerBackendTest : public RegistrySuite {
 protected:
  // Which session the server sees at the other end.
  std::int64_t session_id(Session& s) {
    return std::get<0>(*s.first<std::int64_t>(
        db().dialect() == Dialect::Mysql ? "SELECT CONNECTION_ID()" : "SELECT pg_backend_pid()"));
  }

  Db pooled{{std::getenv("MILLRACE_TEST_DATABASE"), {.size = 2, .overflow = 1}}};
};

TEST_P(ServerBackendTest, WritersKeepTheirSessionsAfterManyReaders) {
  std::barrier together(3);
  at_once(3, [&](int) { pooled.read([&](Session&) { together.arrive_and_wait(); }); });
  const auto write = [&] { return pooled.write([&](Session& s) { return session_id(s); }); };
  const std::int64_t first = write();
  EXPECT_EQ(write(), first);
  EXPECT_EQ(write(), first);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ServerBackendTest);
INSTANTIATE_TEST_SUITE_P(Databases, ServerBackendTest, testing::ValuesIn(servers()), kind_name);

}  // namespace
}  // namespace millrace
