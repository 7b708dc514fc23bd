#include "api/rest/readiness.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <latch>

#include "store/schema/prepare.h"

namespace millrace {
namespace {

using std::chrono::milliseconds;

constexpr Readiness::Timing kNeverReused{milliseconds(0), milliseconds(0), milliseconds(60'000)};

TEST(Readiness, NamesTheFirstCheckThatFails) {
  std::string first, second;
  Readiness readiness({{"one", [&] { return first; }},
                       {"two", [&] { return second; }},
                       {"three", [&]() -> std::string { throw std::runtime_error("secret"); }}},
                      kNeverReused);
  EXPECT_EQ(readiness.result().name, "three");
  EXPECT_EQ(readiness.result().problem, "failed");
  second = "is down";
  EXPECT_EQ(readiness.result().name, "two");
  EXPECT_EQ(readiness.result().problem, "is down");
  first = "too";
  EXPECT_EQ(readiness.result().name, "one");
}

TEST(Readiness, ManyWhoAskShareOneRun) {
  std::atomic<int> runs = 0;
  Readiness readiness({{"one",
                        [&] {
                          ++runs;
                          return std::string();
                        }}},
                      {milliseconds(60'000), milliseconds(60'000), milliseconds(60'000)});
  std::vector<std::future<bool>> answers;
  for (int i = 0; i < 8; ++i) {
    answers.push_back(std::async(std::launch::async, [&] {
      bool ready = true;
      for (int k = 0; k < 100; ++k) ready = ready && readiness.result().ready();
      return ready;
    }));
  }
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_EQ(runs, 1);
}

TEST(Readiness, ACheckThatHangsIsAProblemAndNobodyWaitsTwice) {
  std::latch release(1);
  std::atomic<bool> hang = false;
  Readiness readiness({{"one",
                        [&] {
                          if (hang) release.wait();
                          return std::string();
                        }}},
                      {milliseconds(0), milliseconds(0), milliseconds(50)});
  EXPECT_TRUE(readiness.result().ready());
  hang = true;
  for (int i = 0; i < 1000; ++i) {  // 50 s if each of them waited
    const auto result = readiness.result();
    EXPECT_EQ(result.name, "one");
    EXPECT_EQ(result.problem, "gives no answer");
  }
  hang = false;
  release.count_down();
  while (!readiness.result().ready()) std::this_thread::yield();
}

TEST(Readiness, AnOldResultServesWhileTheNextIsUnderWay) {
  std::latch release(1);
  std::atomic<int> runs = 0;
  Readiness readiness({{"one",
                        [&] {
                          if (++runs > 1) release.wait();
                          return std::string();
                        }}},
                      {milliseconds(0), milliseconds(60'000), milliseconds(60'000)});
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(readiness.result().ready());
  EXPECT_LE(runs, 2);
  release.count_down();
}

TEST(Readiness, ChecksOfAServer) {
  std::string folder = testing::TempDir() + "/readiness_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  Config config;
  config.artifacts_destination = folder + "/new/artifacts";
  const ArtifactRoots artifacts(config);
  Db db(DbOptions{"sqlite:///" + folder + "/x.db"});
  prepare_schema(db, std::nullopt);
  {
    Readiness readiness(readiness_checks(db, nullptr, artifacts), kNeverReused);
    EXPECT_TRUE(readiness.result().ready());

    db.write([](Session& s) { s.execute("UPDATE alembic_version SET version_num = 'f00'"); });
    EXPECT_EQ(readiness.result().name, "database");
    EXPECT_EQ(readiness.result().problem.find("f00"), std::string::npos);
    db.write([](Session& s) { s.execute("DROP TABLE alembic_version"); });
    EXPECT_EQ(readiness.result().problem, "failed");

    std::filesystem::create_directory(folder + "/new");
    std::ofstream(folder + "/new/artifacts") << "a file";
    EXPECT_EQ(readiness.result().name, "artifacts");
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace millrace
