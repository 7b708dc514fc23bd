#include "store/db/rows_statement.h"

#include "store/suites/database_files.h"

namespace millrace::rows_statement_test {
namespace {

// Statements of many rows, as the dialects other than SQLite's own get them.
class RowsStatementTest : public DbTest {
 protected:
  RowsStatementTest() : db(options()) {
    db.write([](Session& s) {
      s.execute("CREATE TABLE item (name TEXT PRIMARY KEY, place BIGINT, note TEXT)");
    });
  }

  static Values rows(std::int64_t count, std::int64_t place) {
    Values values;
    for (std::int64_t i = 0; i < count; ++i) {
      values.insert(values.end(), {std::to_string(i), place + i, std::string("note")});
    }
    return values;
  }

  // With the texts of a dialect that SQLite understands, too.
  long long write(Dialect dialect, const RowsStatement& statement, const Values& values) {
    return db.write([&](Session& s) {
      const WorkOrder order;
      Work work(s, dialect, order, 0);
      return statement.execute(work, values);
    });
  }

  std::int64_t sum() {
    return std::get<0>(*db.read([](Session& s) {
      return s.first<std::int64_t>("SELECT COALESCE(SUM(place), 0) FROM item");
    }));
  }

  Db db;
};

TEST_F(RowsStatementTest, WritesEveryRowOnce) {
  for (const Dialect dialect : {Dialect::Sqlite, Dialect::Postgresql}) {
    const RowsStatement statement(3, [](Dialect of, std::size_t count) {
      return insert_missing(of, "item", {"name", "place", "note"}, count);
    });
    for (const std::int64_t count : {0, 1, 2, 63, 64, 65, 127, 128, 300}) {
      db.write([](Session& s) { s.execute("DELETE FROM item"); });
      EXPECT_EQ(write(dialect, statement, rows(count, 1)), count);
      EXPECT_EQ(sum(), count * (count + 1) / 2);
      EXPECT_EQ(write(dialect, statement, rows(count, 7)), 0);
      EXPECT_EQ(sum(), count * (count + 1) / 2);
    }
  }
}

TEST_F(RowsStatementTest, TheGreaterRowStays) {
  for (const Dialect dialect : {Dialect::Sqlite, Dialect::Postgresql}) {
    const RowsStatement statement(3, [](Dialect of, std::size_t count) {
      return upsert_greater(of, "item", {"name"}, {"place"}, {"note"}, count);
    });
    db.write([](Session& s) { s.execute("DELETE FROM item"); });
    write(dialect, statement, rows(100, 10));
    const std::int64_t first = sum();
    EXPECT_EQ(write(dialect, statement, rows(100, 10)), 0);
    EXPECT_EQ(write(dialect, statement, rows(100, 9)), 0);
    EXPECT_EQ(sum(), first);
    EXPECT_EQ(write(dialect, statement, rows(50, 11)), 50);
    EXPECT_EQ(sum(), first + 50);
  }
}

TEST_F(RowsStatementTest, LongTextsGoInStatementsOfFewRows) {
  const RowsStatement statement(3, [](Dialect of, std::size_t count) {
    return insert_missing(of, "item", {"name", "place", "note"}, count);
  });
  Values values;
  for (std::int64_t i = 0; i < 100; ++i) {
    const std::size_t length = i % 10 == 0 ? 1'200'000 : (i % 7 == 0 ? 400'000 : 10);
    values.insert(values.end(), {std::to_string(i), i, std::string(length, 'x')});
  }
  EXPECT_EQ(write(Dialect::Postgresql, statement, values), 100);
  EXPECT_EQ(sum(), 4950);
}

}  // namespace
}  // namespace millrace::rows_statement_test
