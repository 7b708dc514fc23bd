// Replies that are kept for requests that come again, on all databases.
#include "store/db/remembered_replies.h"

#include <future>

#include "store/suites/registry.h"

namespace millrace::remembered_replies_test {
namespace {

class RememberedRepliesTest : public StoreSuite {
 protected:
  void remember(const std::string& name) {
    db().write([&](Work& work) {
      begin_reply(work, name, "request");
      remember_reply(work, name, {"request", 200, "text/plain", std::string(200'000, 'x') + name});
    });
  }
  std::optional<RememberedReply> find(const std::string& name) {
    return db().read([&](Work& work) { return remembered_reply(work, name); });
  }
};

TEST_P(RememberedRepliesTest, GivesBackWhatWasKept) {
  EXPECT_FALSE(find("a"));
  remember("a");
  remember("b");
  const auto found = find("a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->request, "request");
  EXPECT_EQ(found->status, 200);
  EXPECT_EQ(found->content_type, "text/plain");
  EXPECT_EQ(found->body, std::string(200'000, 'x') + "a");
}

TEST_P(RememberedRepliesTest, ASweepTakesTheOldOnesAlone) {
  db().write([](Work& work) {
    for (int i = 0; i < 450; ++i) begin_reply(work, "old " + std::to_string(i), "request");
  });
  remember("not so old");
  db().write([](Work& work) { work.execute("UPDATE millrace_replies SET written_ms = 5"); });
  remember("young");
  const auto rows = [this] {
    return db().read([](Work& work) {
      return work.first<std::int64_t>("SELECT COUNT(DISTINCT name) FROM millrace_replies");
    });
  };
  sweep_replies(db(), {}, 6, 400);
  EXPECT_EQ(rows(), std::tuple(std::int64_t{52}));
  sweep_replies(db(), {}, 6, 400);
  sweep_replies(db(), {}, 6, 400);
  EXPECT_EQ(rows(), std::tuple(std::int64_t{1}));
  EXPECT_TRUE(find("young"));
}

// The one that comes second waits, and finds the reply of the first.
TEST_P(RememberedRepliesTest, OneNameIsTakenByOneAtATime) {
  std::atomic<int> carried_out = 0;
  const auto once = [&] {
    db().write([&](Work& work) {
      if (remembered_reply(work, "name")) return;
      begin_reply(work, "name", "request");
      remember_reply(work, "name", {"request", 200, "text/plain", "reply"});
      work.execute("INSERT INTO millrace_model_turns (name, turn) VALUES (:name, 1)",
                   {"carried out " + std::to_string(++carried_out)});
    });
  };
  std::vector<std::future<void>> all;
  for (int i = 0; i < 8; ++i) all.push_back(std::async(std::launch::async, once));
  for (auto& one : all) one.get();
  const auto rows = db().read([](Work& work) {
    return work.first<std::int64_t>(
        "SELECT COUNT(*) FROM millrace_model_turns WHERE name LIKE 'carried out %'");
  });
  EXPECT_EQ(rows, std::tuple(std::int64_t{1}));
}

MILLRACE_REGISTRY_SUITE(RememberedRepliesTest);

}  // namespace
}  // namespace millrace::remembered_replies_test
