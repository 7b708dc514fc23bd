// The pool of sessions of a database server, and what becomes of work whose connection breaks; runs
// where MILLRACE_TEST_DATABASE names one.
#include "store/db/server/backend.h"

#include <barrier>
#include <csignal>
#include <fstream>
#include <set>

#include "store/suites/server.h"

namespace millrace::server_backend_test {
namespace {

class ServerBackendTest : public ServerSuite {
 protected:
  // Of the server: on PostgreSQL the one that serves the only session.
  int process_id(Db& db) {
    if (!is_mysql()) {
      return static_cast<int>(db.read([&](Session& s) { return session_id(s); }));
    }
    int process = 0;
    const auto file = db.read([](Session& s) { return s.first<std::string>("SELECT @@pid_file"); });
    std::ifstream(std::get<0>(*file)) >> process;
    return process;
  }
};

TEST_P(ServerBackendTest, SessionsAreOfNoKind) {
  std::barrier together(3);
  at_once(3, [&](int) { pooled.read([&](Session&) { together.arrive_and_wait(); }); });
  std::set<std::int64_t> sessions;
  for (int i = 0; i < 20; ++i) {
    sessions.insert(pooled.write([&](Session& s) { return session_id(s); }));
    sessions.insert(pooled.read([&](Session& s) { return session_id(s); }));
  }
  EXPECT_LE(sessions.size(), 2U);
}

TEST_P(ServerBackendTest, WhatBrokeIsRunAgainOnAnotherSession) {
  int attempts = 0;
  const auto rows = pooled.read([&](Session& s) {
    std::vector<std::int64_t> found;
    const std::int64_t id = session_id(s);
    ++attempts;
    s.each<std::int64_t, std::string_view>(many_rows(kMany), {}, [&](std::int64_t n, auto) {
      if (n == 10 && attempts == 1) kill(id);
      found.push_back(n);
    });
    return found;
  });
  EXPECT_EQ(attempts, 2);
  EXPECT_EQ(rows.size(), std::size_t{kMany});
}

TEST_P(ServerBackendTest, RowsThatAreHandedOutAreNotHandedOutTwice) {
  std::set<std::int64_t> given;
  bool twice = false;
  const auto give = [&](std::int64_t n) { twice = twice || !given.insert(n).second; };
  try {
    pooled.read([&](Work& work) {
      const std::int64_t id = session_id(work);
      work.each<std::int64_t, std::string_view>(many_rows(kMany), {}, [&](std::int64_t n, auto) {
        if (n == 10) kill(id);
        work.deliver(give, n);
      });
    });
    ADD_FAILURE() << "the connection did not break";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::TemporarilyUnavailable) << error.what();
  }
  EXPECT_FALSE(twice);
  EXPECT_GE(given.size(), 10U);
  EXPECT_LT(given.size(), std::size_t{kMany});
}

TEST_P(ServerBackendTest, ABodyThatBreaksEachConnectionIsGivenUp) {
  int attempts = 0;
  EXPECT_MILLRACE_ERROR(pooled.write([&](Session& s) {
    ++attempts;
    kill(session_id(s));
    session_id(s);
  }),
                        ErrorCode::BadRequest,
                        "The database refused the request: it closes the connection on it each "
                        "time.");
  EXPECT_LE(attempts, 6);
  EXPECT_GT(pooled.read([&](Session& s) { return session_id(s); }), 0);
}

TEST_P(ServerBackendTest, WhatAnAdministratorEndsIsEndedOnceAndNotLost) {
  int attempts = 0;
  std::int64_t id = 0;
  EXPECT_MILLRACE_ERROR(pooled.read([&](Session& s) {
    ++attempts;
    id = session_id(s);
    std::thread ending([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      end_statement(id);
    });
    try {
      s.first<std::int64_t>(endless());
    } catch (...) {
      ending.join();
      throw;
    }
    ending.join();
  }),
                        ErrorCode::TemporarilyUnavailable,
                        "An administrator of the database ended this request; try again.");
  EXPECT_EQ(attempts, 1);
  if (!is_pooler()) {
    EXPECT_EQ(pooled.read([&](Session& s) { return session_id(s); }), id);
  }
}

TEST_P(ServerBackendTest, WorkEndsAtItsDeadlineOnTheServerToo) {
  const auto began = std::chrono::steady_clock::now();
  std::int64_t id = 0;
  try {
    pooled.read(WorkOrder{.deadline = began + std::chrono::milliseconds(200)}, [&](Work& work) {
      id = session_id(work);
      work.first<std::int64_t>(endless());
    });
    ADD_FAILURE() << "it ended by itself";
  } catch (const Cancelled& cancelled) {
    EXPECT_EQ(cancelled.ending(), Ending::Late);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  EXPECT_TRUE(is_true_soon([&] { return !runs_endless(id); }));
  EXPECT_GT(pooled.read([&](Session& s) { return session_id(s); }), 0);
}

TEST_P(ServerBackendTest, TheServerItselfEndsAStatementThatTakesTooLong) {
  Db hurried{{uri(), {.size = 1}}};
  hurried.serve_requests(std::chrono::milliseconds(300));
  try {
    hurried.read([&](Session& s) { s.first<std::int64_t>(endless()); });
    ADD_FAILURE() << "it ended by itself";
  } catch (const Cancelled& cancelled) {
    EXPECT_EQ(cancelled.ending(), Ending::Overlong);
  }
}

TEST_P(ServerBackendTest, LargeWorkDoesNotTakeAllSessions) {
  std::barrier together(3);
  std::atomic<int> large = 0;
  const WorkOrder order{.load = Load::Large,
                        .deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2)};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      pooled.read(order, [&](Work&) {
        ++large;
        together.arrive_and_wait();
      });
    });
  }
  ASSERT_TRUE(is_true_soon([&] { return large == 2; }));
  EXPECT_THROW(
      pooled.read(WorkOrder{.load = Load::Large, .deadline = std::chrono::steady_clock::now()},
                  [](Work&) {}),
      Cancelled);
  pooled.read([&](Session&) { together.arrive_and_wait(); });
  for (std::thread& thread : threads) thread.join();
}

// As one whose machine hangs: the kernel answers, nobody else does.
TEST_P(ServerBackendTest, AServerThatHangsHoldsNobody) {
  if (is_pooler()) GTEST_SKIP() << "nobody knows which process serves";
  auto db = std::make_unique<Db>(DbOptions{uri(), {.size = 3}});
  const int process = process_id(*db);
  if (process <= 0 || ::kill(process, 0) != 0) GTEST_SKIP() << "the server is elsewhere";
  const auto began = std::chrono::steady_clock::now();
  ::kill(process, SIGSTOP);
  const int answered = at_once(4, [&](int i) {
    const WorkOrder order{.deadline = began + std::chrono::milliseconds(300)};
    const auto ask = [](Work& work) { work.first<std::int64_t>("SELECT 1"); };
    if (i % 2 == 0) db->write(order, ask);
    if (i % 2 == 1) db->read(order, ask);
  });
  EXPECT_LT(answered, 4);
  db.reset();
  ::kill(process, SIGCONT);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(12));
}

MILLRACE_SERVER_SUITE(ServerBackendTest);

}  // namespace
}  // namespace millrace::server_backend_test
