#include "api/rest/readiness.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <latch>
#include <optional>
#include <stdexcept>
#include <thread>

#include "store/schema/own_tables.h"
#include "store/schema/prepare.h"

namespace millrace::readiness_test {
namespace {

using std::chrono::milliseconds;

constexpr Readiness::Timing kNeverReused{milliseconds(0), milliseconds(0), milliseconds(60'000),
                                         milliseconds(0)};

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
                      {milliseconds(0), milliseconds(0), milliseconds(50), milliseconds(0)});
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
  Readiness readiness(
      {{"one",
        [&] {
          if (++runs > 1) release.wait();
          return std::string();
        }}},
      {milliseconds(0), milliseconds(60'000), milliseconds(60'000), milliseconds(0)});
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(readiness.result().ready());
  EXPECT_LE(runs, 2);
  release.count_down();
}

TEST(Readiness, KeepsItsResultFreshForThoseWhoAskAgain) {
  std::latch hang(1);
  std::atomic<int> runs = 0;
  Readiness readiness(
      {{"one",
        [&] {
          if (++runs == 3) hang.wait();
          return std::string();
        }}},
      {milliseconds(1), milliseconds(60'000), milliseconds(60'000), milliseconds(60'000)});
  EXPECT_TRUE(readiness.result().ready());
  while (runs < 3) std::this_thread::yield();  // nobody has asked again
  EXPECT_TRUE(readiness.result().ready());     // at once, by the second run
  hang.count_down();
}

// A server's checks, over a database with all its tables and a folder for artifacts.
class ServerReadinessTest : public testing::Test {
 protected:
  ServerReadinessTest() {
    prepare_schema(*db_, std::nullopt);
    create_own_tables(*db_);
    start();
  }
  ~ServerReadinessTest() override {
    readiness_.reset();
    db_.reset();
    std::filesystem::remove_all(folder_);
  }

  void start() { readiness_.emplace(readiness_checks(*db_, nullptr, artifacts_), kNeverReused); }
  // "ready", or what fails.
  std::string state() {
    const Readiness::Result result = readiness_->result();
    return result.ready() ? "ready" : std::string(result.name) + " " + result.problem;
  }
  void write(const std::string& sql) {
    db_->write([&sql](Session& s) { s.execute(sql); });
  }
  static std::string make_folder() {
    std::string folder = testing::TempDir() + "/readiness_XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
    return folder;
  }
  static Config config_of(const std::string& folder) {
    Config config;
    config.artifacts_destination = folder + "/new/artifacts";
    return config;
  }

  const std::string folder_ = make_folder();
  const Config config_ = config_of(folder_);
  const ArtifactRoots artifacts_{config_};
  std::optional<Db> db_{std::in_place, DbOptions{"sqlite:///" + folder_ + "/x.db"}};
  std::optional<Readiness> readiness_;
};

TEST_F(ServerReadinessTest, IsOverWithAnotherSchemaVersion) {
  EXPECT_EQ(state(), "ready");
  write("UPDATE alembic_version SET version_num = 'f00'");
  EXPECT_EQ(state(), "database has another schema version than at the start of this server");
  write("DROP TABLE alembic_version");
  EXPECT_EQ(state(), "database failed");
}

TEST_F(ServerReadinessTest, IsOverWithArtifactsThatCannotBeWritten) {
  std::filesystem::create_directory(folder_ + "/new");
  std::ofstream(folder_ + "/new/artifacts") << "a file";
  EXPECT_EQ(state(), "artifacts cannot be written");
}

TEST_F(ServerReadinessTest, IsOverOnceTheOwnTablesAreForNewerProgramsOnly) {
  create_own_tables(*db_, {kOwnSchema.version + 1, kOwnSchema.min_compatible});
  EXPECT_EQ(state(), "ready");
  create_own_tables(*db_, {kOwnSchema.version + 2, kOwnSchema.version + 1});
  const auto number = [](int more) { return std::to_string(kOwnSchema.version + more); };
  EXPECT_EQ(state(),
            "database was upgraded by a newer Millrace: its millrace_ tables have version " +
                number(2) + " and are for programs of version " + number(1) +
                " and later, and this one has " + number(0));
}

TEST_F(ServerReadinessTest, IsOverWithoutTheOwnTables) {
  detach(*db_);
  EXPECT_EQ(state(), "database has lost Millrace's own tables; start this server again");
  create_own_tables(*db_);
  EXPECT_EQ(state(), "ready");
}

TEST_F(ServerReadinessTest, IsOverWhileNoWriteSucceedsAndComesBackByItself) {
  Db other(DbOptions{db_->uri()});
  const auto data_version = [&other] {
    return other.read([](Session& s) { return s.first<std::int64_t>("PRAGMA data_version"); });
  };
  std::latch locked(1), release(1);
  std::thread holder([&] {
    other.write([&](Session& s) {
      s.execute("UPDATE workspaces SET name = name");
      locked.count_down();
      release.wait();
    });
  });
  locked.wait();
  EXPECT_EQ(state(), "ready");  // no write has failed
  EXPECT_THROW(db_->try_write(milliseconds(1), [](Session&) {}), Error);
  EXPECT_EQ(state(), "database is locked by another program");
  EXPECT_EQ(readiness_->lost(), "");
  release.count_down();
  holder.join();
  EXPECT_EQ(state(), "ready");

  const auto before = data_version();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(state(), "ready");
  EXPECT_EQ(data_version(), before) << "it writes though all is well";
}

TEST_F(ServerReadinessTest, IsNotAQuestionOfWritingWhereNothingIsWritten) {
  detach(*db_);
  db_->refuse_writes("For a reason.");
  start();
  EXPECT_EQ(state(), "ready");
  EXPECT_THROW(db_->write([](Session&) {}), Error);
  EXPECT_EQ(state(), "ready");
}

}  // namespace
}  // namespace millrace::readiness_test
