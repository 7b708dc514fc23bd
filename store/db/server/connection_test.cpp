// What each client library makes of statements and rows; runs where MILLRACE_TEST_DATABASE names a
// database server.
#include <fstream>

#include "store/suites/server.h"

namespace millrace::server_connection_test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryTells = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kMemoryTells = false;
#else
constexpr bool kMemoryTells = true;
#endif
#else
constexpr bool kMemoryTells = true;
#endif

class ServerConnectionTest : public ServerSuite {
 protected:
  static std::size_t resident_pages() {
    std::size_t all = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> all >> resident;
    return resident;
  }
};

TEST_P(ServerConnectionTest, RowsComeOneByOne) {
  const std::size_t before = resident_pages();
  std::size_t most = 0;
  std::int64_t rows = 0;
  pooled.read([&](Session& s) {
    s.each<std::int64_t, std::string_view>(many_rows(kMany), {}, [&](std::int64_t n, auto text) {
      ++rows;
      EXPECT_EQ(text.size(), 1000U);
      if (n % 1000 == 0) most = std::max(most, resident_pages());
    });
  });
  EXPECT_EQ(rows, kMany);
  if (kMemoryTells) {
    EXPECT_LT(most, before + 8U * 256);  // 8 MiB, of a result of 100
  }
}

TEST_P(ServerConnectionTest, ASinkThatThrowsLeavesTheSessionUsable) {
  for (const int rows : {10, kMany}) {
    pooled.read([&](Session& s) {
      EXPECT_EQ(s.first<std::int64_t>("SELECT 1"), std::make_tuple(std::int64_t{1}));
    });
    EXPECT_MILLRACE_ERROR(pooled.read([&](Session& s) {
      s.each<std::int64_t, std::string_view>(
          many_rows(rows), {}, [](auto, auto) { throw Error(ErrorCode::InvalidState, "enough"); });
    }),
                          ErrorCode::InvalidState, "enough");
  }
  int attempts = 0;
  pooled.read([&](Session& s) {
    ++attempts;
    EXPECT_THROW(
        (s.each<std::int64_t, std::string_view>(
            many_rows(10), {}, [](auto, auto) { throw Error(ErrorCode::InvalidState, "enough"); })),
        Error);
    EXPECT_EQ(s.first<std::int64_t>("SELECT 2"), std::make_tuple(std::int64_t{2}));
  });
  EXPECT_EQ(attempts, 1);
}

TEST_P(ServerConnectionTest, WrongUseIsRefusedAndTheSessionGoesOn) {
  pooled.read([](Session& s) {
    const auto code_of = [](const auto& work) {
      try {
        work();
      } catch (const Error& error) {
        return error.code();
      }
      return ErrorCode::NotImplemented;
    };
    EXPECT_EQ(code_of([&] { s.first<std::int64_t>("SELECT 1 + :a", {}); }),
              ErrorCode::InternalError);
    EXPECT_EQ(code_of([&] { s.first<std::int64_t>("SELECT 1", {std::int64_t{1}}); }),
              ErrorCode::InternalError);
    EXPECT_EQ(code_of([&] { s.first<std::int64_t, std::int64_t>("SELECT 1"); }),
              ErrorCode::InternalError);
    EXPECT_EQ(code_of([&] {
                s.each<std::int64_t>("SELECT 1", {},
                                     [&](std::int64_t) { s.first<std::int64_t>("SELECT 2"); });
              }),
              ErrorCode::InternalError);
    EXPECT_EQ(s.first<std::int64_t>("SELECT 3"), std::make_tuple(std::int64_t{3}));
  });
}

TEST_P(ServerConnectionTest, TextsArriveAsTheyAre) {
  const std::string odd = "a'b\"c\\d :name ::text %_\n\t\x1a Zürich 🚀 ''' \\' $1 ?";
  pooled.read([&](Session& s) {
    const char* sql = "SELECT CONCAT(:a, ':b', :c)";
    const std::string cast =
        pooled.dialect() == Dialect::Postgresql ? "SELECT CONCAT(:a::text, ':b', :c::text)" : sql;
    EXPECT_EQ(s.first<std::string>(cast, {odd, odd}), std::make_tuple(odd + ":b" + odd));
  });
}

TEST_P(ServerConnectionTest, AValueThatIsNoPacketIsNotSent) {
  if (pooled.dialect() != Dialect::Mysql) GTEST_SKIP() << "1 GiB elsewhere";
  const std::int64_t id = pooled.read([&](Session& s) { return session_id(s); });
  const std::string large(std::size_t{17} << 20U, '\'');
  EXPECT_MILLRACE_ERROR(
      pooled.read([&](Session& s) { s.first<std::int64_t>("SELECT LENGTH(:x)", {large}); }),
      ErrorCode::BadRequest, "The database refused the request: a value is too long.");
  EXPECT_EQ(pooled.read([&](Session& s) { return session_id(s); }), id);
}

// Refused statements, and texts without end.
TEST_P(ServerConnectionTest, TheServerKeepsAFewStatementsOnly) {
  if (pooled.dialect() != Dialect::Postgresql) GTEST_SKIP() << "there nothing is prepared";
  for (int i = 0; i < 300; ++i) {
    try {
      pooled.write([&](Session& s) {
        s.first<std::int64_t>("SELECT " + std::to_string(i));
        s.execute("INSERT INTO alembic_version (version_num) VALUES (:a || NULL)",
                  {std::to_string(i)});
      });
    } catch (const Error&) {
    }
  }
  const auto kept = pooled.read([](Session& s) {
    return std::get<0>(*s.first<std::int64_t>("SELECT COUNT(*) FROM pg_prepared_statements"));
  });
  if (is_pooler()) {
    EXPECT_EQ(kept, 0);
  } else {
    EXPECT_LE(kept, 97);
  }
}

TEST_P(ServerConnectionTest, WhatAFailedStatementHasUndoneIsNotAcknowledged) {
  if (pooled.dialect() != Dialect::Postgresql) GTEST_SKIP() << "a failure undoes nothing there";
  EXPECT_MILLRACE_ERROR(pooled.write([](Session& s) {
    s.execute("DELETE FROM registered_models");
    EXPECT_THROW(s.execute("SELECT 1/0"), Error);
  }),
                        ErrorCode::InternalError,
                        "A failed statement had undone what was to be saved.");
}

TEST_P(ServerConnectionTest, AReadOnlyDatabaseSaysSo) {
  const auto write = [](Session& s) { s.execute("DELETE FROM registered_models"); };
  if (pooled.dialect() == Dialect::Mysql) {
    administrator.write([](Session& s) { s.execute("SET GLOBAL tx_read_only = ON"); });
  } else {
    administrator.write([](Session& s) {
      const auto name = s.first<std::string>("SELECT current_database()");
      s.execute("ALTER DATABASE " + std::get<0>(*name) + " SET default_transaction_read_only = on");
    });
  }
  if (!is_pooler()) {  // whose sessions were there before
    Db later{{uri(), {.size = 1}}};
    EXPECT_MILLRACE_ERROR(later.write(write), ErrorCode::BadRequest, "The database is read-only.");
    EXPECT_TRUE(later.has_failed_to_write());
  }
  administrator.write([&](Session& s) {
    if (pooled.dialect() == Dialect::Mysql) {
      s.execute("SET GLOBAL tx_read_only = OFF");
    } else {
      const auto name = s.first<std::string>("SELECT current_database()");
      s.execute("ALTER DATABASE " + std::get<0>(*name) + " RESET default_transaction_read_only");
    }
  });
}

MILLRACE_SERVER_SUITE(ServerConnectionTest);

}  // namespace
}  // namespace millrace::server_connection_test
