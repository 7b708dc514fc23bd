#include "store/search/query.h"

#include <gtest/gtest.h>

#include "store/common/error.h"

namespace millrace::search::query_test {
namespace {

template <class Body>
void expect_refused(const Body& body, const std::string& message) {
  try {
    body();
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
    EXPECT_EQ(error.message(), message);
  }
}

TEST(QueryText, IdsAreDigitsWithoutRepetitions) {
  QueryText text(Dialect::Sqlite);
  text.add_ids("a", "IN", {3, -1, 3});
  text.add_ids(" b", "IN", {7, 7});
  text.add_ids(" c", "NOT IN", {7});
  const Query query = text.take();
  EXPECT_EQ(query.sql, "a IN (-1, 3) b = :p1 c NOT IN (7)");
  EXPECT_EQ(query.values, Values{std::int64_t{7}});
}

TEST(QueryText, IdsAndValuesAreBounded) {
  std::vector<std::int64_t> ids(20'000);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int64_t>(i / 2);
  QueryText text(Dialect::Sqlite);
  text.add_ids("a", "IN", ids);
  ids.push_back(-1);
  expect_refused([&] { text.add_ids("a", "IN", ids); },
                 "The search names too many experiment ids: at most 10000 are allowed.");
  text.add_comparison("a", "IN", std::vector<std::string>(5'000, "x"));
  expect_refused([&] { text.add_value("x"); },
                 "The search compares with too many values: at most 5000 are allowed.");
}

TEST(QueryText, PatternsAreBoundedOnSqlite) {
  const std::string most(50'000, 'a');
  for (const std::string op : {"LIKE", "ILIKE"}) {
    QueryText text(Dialect::Sqlite);
    text.add_comparison("a", op, most);
    expect_refused([&] { text.add_comparison("a", op, most + "a"); },
                   "The pattern behind " + op + " is too long: at most 50000 bytes are allowed.");
  }
  QueryText text(Dialect::Sqlite);
  text.add_comparison("a", "=", most + "a");
  expect_refused([&] { text.add_indexed_like("a", most + "a"); },
                 "The pattern behind LIKE is too long: at most 50000 bytes are allowed.");
  QueryText(Dialect::Postgresql).add_comparison("a", "LIKE", most + "a");
}

}  // namespace
}  // namespace millrace::search::query_test
