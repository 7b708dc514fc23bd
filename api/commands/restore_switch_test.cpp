#include "api/commands/restore_switch.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "store/common/error.h"

namespace millrace::restore_switch_test {
namespace {

namespace fs = std::filesystem;

class RestoreSwitchTest : public testing::Test {
 protected:
  RestoreSwitchTest() {
    std::string pattern = (fs::temp_directory_path() / "switch_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    std::ofstream(folder_ + "/old") << "old";
    std::ofstream(folder_ + "/new") << "new";
    fs::create_directories(folder_ + "/empty");
    fs::create_directories(folder_ + "/full/inner");
  }
  ~RestoreSwitchTest() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return folder_ + "/" + name; }
  std::set<std::string> names() const {
    std::set<std::string> result;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      result.insert(entry.path().filename().string());
    }
    return result;
  }

  std::string folder_;
};

TEST_F(RestoreSwitchTest, StaysWhenAllOfItWasDone) {
  RestoreSwitch moves;
  moves.move(at("old"), at("aside"));
  moves.move(at("full"), at("empty"));
  moves.done();
  EXPECT_EQ(names(), (std::set<std::string>{"aside", "new", "empty"}));
  EXPECT_TRUE(fs::exists(at("empty/inner")));
}

TEST_F(RestoreSwitchTest, IsUndoneWhenAPartFails) {
  const auto before = names();
  {
    RestoreSwitch moves;
    moves.move(at("old"), at("aside"));
    fs::rename(at("new"), at("old"));
    moves.placed(at("old"));
    EXPECT_THROW(moves.move(at("missing"), at("x")), Error);
    EXPECT_THROW(moves.move(at("empty"), at("full")), Error);
    EXPECT_THROW(moves.move(at("empty"), at("aside")), Error);
  }
  auto after = before;
  after.erase("new");
  EXPECT_EQ(names(), after);
  std::string text;
  std::ifstream(at("old")) >> text;
  EXPECT_EQ(text, "old");
}

}  // namespace
}  // namespace millrace::restore_switch_test
