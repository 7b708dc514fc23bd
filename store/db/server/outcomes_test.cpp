// What became of writes is found by their tokens; runs where MILLRACE_TEST_DATABASE names a server.
#include "store/db/server/outcomes.h"

#include <future>

#include "store/suites/server.h"

namespace millrace::outcomes_test {
namespace {

class OutcomesTest : public ServerSuite {
 protected:
  static void leave(Session& session, const OutcomeToken& token) {
    for (const std::string& statement : token.statements()) session.execute(statement);
  }
  bool look(const OutcomeToken& token) {
    return administrator.write([&](Session& s) { return was_saved(s, token); });
  }
  std::int64_t count(const OutcomeToken& token) {
    return std::get<0>(*administrator.read([&](Session& s) {
      return s.first<std::int64_t>("SELECT COUNT(*) FROM millrace_outcomes WHERE writer = :w",
                                   {token.writer});
    }));
  }

  OutcomeWriters writers;
};

TEST_P(OutcomesTest, WhatIsSavedIsFoundAndWhatIsNotCannotBeAnyMore) {
  const OutcomeToken kept = writers.take();
  pooled.write([&](Session& s) { leave(s, kept); });
  EXPECT_TRUE(look(kept));
  const OutcomeToken lost = writers.take();
  EXPECT_FALSE(look(lost));
  EXPECT_FALSE(look(lost));  // the first look's own row is no write
  EXPECT_THROW(pooled.write([&](Session& s) { leave(s, lost); }), Error);
  EXPECT_FALSE(look(lost));
}

TEST_P(OutcomesTest, ALookWaitsForAWriteThatIsStillUnderWay) {
  for (const bool is_saved : {true, false}) {
    const OutcomeToken mine = writers.take();
    std::promise<void> written, finish;
    auto writing = std::async(std::launch::async, [&] {
      pooled.write([&](Session& s) {
        leave(s, mine);
        written.set_value();
        finish.get_future().wait();
        if (!is_saved) throw Error(ErrorCode::InvalidState, "not to be saved");
      });
    });
    written.get_future().wait();
    auto looking = std::async(std::launch::async, [&] { return look(mine); });
    EXPECT_EQ(looking.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
    finish.set_value();
    EXPECT_EQ(looking.get(), is_saved);
    if (is_saved) {
      writing.get();
    } else {
      EXPECT_THROW(writing.get(), Error);
    }
  }
}

TEST_P(OutcomesTest, ALookStandsInTheWayOfAWriteThatComesLate) {
  OutcomeToken lost = writers.take();
  while (lost.turn % 32 != 31) {
    writers.give_back(lost);
    lost = writers.take();
  }
  EXPECT_FALSE(look(lost));
  writers.give_back(lost);
  const OutcomeToken again = writers.take();  // the one that sweeps
  pooled.write([&](Session& s) { leave(s, again); });
  EXPECT_THROW(pooled.write([&](Session& s) { leave(s, lost); }), Error);
}

TEST_P(OutcomesTest, TokensDoNotPileUp) {
  OutcomeToken one = writers.take();
  for (int i = 0; i < 200; ++i) {
    pooled.write([&](Session& s) {
      leave(s, one);
      s.execute("UPDATE millrace_outcomes SET written_ms = written_ms - 700000");
    });
    writers.give_back(one);
    const std::int64_t writer = one.writer;
    one = writers.take();
    ASSERT_EQ(one.writer, writer);
  }
  EXPECT_LE(count(one), 65);
  administrator.write([](Session& s) {
    s.execute("UPDATE millrace_outcomes SET written_ms = written_ms - 100000000");
    sweep_outcomes(s);
  });
  EXPECT_EQ(count(one), 0);
}

TEST_P(OutcomesTest, AServersWritesLeaveTokens) {
  pooled.serve_requests(std::chrono::milliseconds(0));
  const auto all = [&] {
    return std::get<0>(*administrator.read([](Session& s) {
      return s.first<std::int64_t>("SELECT COUNT(*) FROM millrace_outcomes WHERE saved = 1");
    }));
  };
  const std::int64_t before = all();
  const auto write = [](Session& s) {
    s.execute("INSERT INTO millrace_registries (place) VALUES ('somewhere')");
    s.execute("DELETE FROM millrace_registries WHERE place = 'somewhere'");
  };
  pooled.write(write);
  EXPECT_EQ(all(), before + 1);
  pooled.read([](Session& s) { s.first<std::int64_t>("SELECT 1"); });
  EXPECT_THROW(pooled.write([&](Session& s) {
    write(s);
    throw Error(ErrorCode::InvalidState, "refused");
  }),
               Error);
  EXPECT_EQ(all(), before + 1);
}

MILLRACE_SERVER_SUITE(OutcomesTest);

}  // namespace
}  // namespace millrace::outcomes_test
