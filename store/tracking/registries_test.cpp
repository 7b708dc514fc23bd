#include "store/tracking/registries.h"

#include <stdlib.h>

#include <filesystem>

#include "store/suites/tracking.h"

namespace millrace::registries_test {
namespace {

using tracking::registry_place;

class RegistriesTest : public TrackingSuite {
 protected:
  void record(const std::string& place) {
    db().write([&](Work& work) { tracking::record_registry(work, place); });
  }
};

TEST_P(RegistriesTest, EachIsKnownOnce) {
  EXPECT_TRUE(db().read(tracking::recorded_registries).empty());
  record("postgresql://b/x");
  record("mysql://a/x");
  record("postgresql://b/x");
  EXPECT_EQ(db().read(tracking::recorded_registries),
            (std::vector<std::string>{"mysql://a/x", "postgresql://b/x"}));
  record(registry_place("mysql://h/" + std::string(1000, 'x')));
  EXPECT_EQ(db().read(tracking::recorded_registries).size(), 3U);
}

MILLRACE_REGISTRY_SUITE(RegistriesTest);

TEST(RegistryPlaceTest, HoldsNoSecret) {
  EXPECT_EQ(registry_place("mysql+pymysql://u:secret@h:3307/d?ssl_key=/k&password=secret"),
            "mysql://h:3307/d");
  EXPECT_EQ(registry_place("postgresql://u:s%40@[::1]/d"), "postgresql://[::1]/d");
  EXPECT_EQ(registry_place("sqlite:///r.db"),
            "sqlite:///" + (std::filesystem::current_path() / "r.db").string());
}

TEST(RegistryPlaceTest, NamesWhatTheUriLeavesToOthers) {
  setenv("PGHOST", "pg", 1);
  setenv("PGDATABASE", "catalog", 1);
  EXPECT_EQ(registry_place("postgresql://"), "postgresql://pg/catalog");
  EXPECT_EQ(registry_place("postgresql://"), registry_place("postgresql+psycopg2:///catalog"));
  EXPECT_EQ(registry_place("postgresql://u:p@h?service=x"), "postgresql://h/ (service x)");
  unsetenv("PGHOST");
  unsetenv("PGDATABASE");
  EXPECT_EQ(registry_place("sqlite://"), "sqlite:///:memory:");
  EXPECT_EQ(registry_place("sqlite:////nowhere/a%20b.db"), "sqlite:////nowhere/a b.db");
}

TEST(RegistryPlaceTest, FitsItsColumn) {
  std::string name;
  for (int i = 0; i < 200; ++i) name += "\u00e9";
  const std::string place = registry_place("mysql://h/" + name);
  EXPECT_LE(place.size(), 255U);
  EXPECT_TRUE(place.ends_with("\u00e9")) << place;
}

}  // namespace
}  // namespace millrace::registries_test
