// What became of writes is found by their tokens; runs where MILLRACE_TEST_DATABASE names a server.
#include "store/db/server/outcomes.h"

#include <future>

#include "store/common/clock.h"
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
  FixedClock clock(1'000'000);
  const OutcomeToken lost = writers.take();
  EXPECT_FALSE(look(lost));
  writers.give_back(lost);
  clock.set(1'000'000 + 9 * 60 * 1000);
  for (int i = 0; i < 100; ++i) {
    const OutcomeToken again = writers.take();
    ASSERT_EQ(again.writer, lost.writer);
    pooled.write([&](Session& s) { leave(s, again); });
    writers.give_back(again);
  }
  EXPECT_THROW(pooled.write([&](Session& s) { leave(s, lost); }), Error);
}

TEST_P(OutcomesTest, TokensDoNotPileUp) {
  FixedClock clock(1'000'000);
  OutcomeToken one = writers.take();
  for (int i = 1; i <= 200; ++i) {
    pooled.write([&](Session& s) { leave(s, one); });
    writers.give_back(one);
    const std::int64_t writer = one.writer;
    clock.set(1'000'000 + i * 10'000);
    one = writers.take();
    ASSERT_EQ(one.writer, writer);
    // Ten minutes are 60 turns, and a mark is made at each 32nd.
    ASSERT_LE(count(one), 60 + 2 * 32);
  }
  administrator.write([](Session& s) {
    s.execute("UPDATE millrace_outcomes SET written_ms = written_ms - 100000000");
    sweep_outcomes(s);
  });
  EXPECT_EQ(count(one), 0);
}

// A write pays for what it deletes, whatever else is there.
TEST_P(OutcomesTest, OnlyWhatIsOldIsLookedAt) {
  FixedClock clock(1'000'000);
  std::int64_t turns = 0, deletes = 0, last_end = 0;
  for (std::int64_t second = 0; second < 1800; ++second) {
    clock.set(1'000'000 + second * 1000);
    for (int i = 0; i < 40; ++i) {
      const OutcomeToken token = writers.take();
      ++turns;
      ASSERT_EQ(token.turn, turns);
      if (token.old_turns_end > 0) {
        ++deletes;
        EXPECT_EQ(token.statements().size(), 2U);
        EXPECT_LE(token.old_turns_end - last_end, 40);
        EXPECT_LE(token.old_turns_end, turns - 600 * 40 + 40) << "ten minutes are 24,000 turns";
        last_end = token.old_turns_end;
      }
      writers.give_back(token);
    }
  }
  EXPECT_GT(deletes, 1000);
  EXPECT_GT(last_end, turns - 602 * 40);
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
