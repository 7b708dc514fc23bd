#include "store/db/database.h"

#include <gmock/gmock.h>

#include <atomic>
#include <limits>
#include <thread>

#include "store/suites/database_files.h"

namespace millrace::database_test {
namespace {

using Text = std::string;
using OptionalText = std::optional<std::string>;
using testing::ElementsAre;

// The code of the Error that `work` throws.
ErrorCode code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::NotImplemented;
}

class SessionTest : public DbTest {
 protected:
  SessionTest() : db(options()) {
    db.write([](Session& s) {
      s.execute(
          "CREATE TABLE item (id BIGINT PRIMARY KEY, name TEXT UNIQUE, size DOUBLE, "
          "note TEXT NOT NULL DEFAULT '', owner BIGINT REFERENCES item (id), CHECK (id <> 13))");
    });
  }

  void insert(std::int64_t id, const Value& name, const Value& size) {
    db.write([&](Session& s) {
      s.execute("INSERT INTO item (id, name, size) VALUES (:id, :name, :size)", {id, name, size});
    });
  }

  std::vector<std::int64_t> ids() {
    return db.read([](Session& s) {
      std::vector<std::int64_t> found;
      s.each<std::int64_t>("SELECT id FROM item ORDER BY id", {},
                           [&found](std::int64_t id) { found.push_back(id); });
      return found;
    });
  }

  Db db;
};

TEST_F(SessionTest, ValuesComeBackAsTheyWent) {
  const std::string nul_inside("a\0b", 3);
  insert(std::numeric_limits<std::int64_t>::max(), nul_inside, 0.1);
  insert(std::numeric_limits<std::int64_t>::min(), std::string(), std::monostate());
  insert(0, std::string("Zürich 🚀"), std::numeric_limits<double>::denorm_min());
  using Row = std::tuple<std::int64_t, OptionalText, std::optional<double>>;
  const auto rows = db.read([](Session& s) {
    std::vector<Row> found;
    s.each<std::int64_t, OptionalText, std::optional<double>>(
        "SELECT id, name, size FROM item ORDER BY id", {},
        [&found](std::int64_t id, OptionalText name, std::optional<double> size) {
          found.emplace_back(id, std::move(name), size);
        });
    return found;
  });
  EXPECT_THAT(rows, ElementsAre(Row{std::numeric_limits<std::int64_t>::min(), "", std::nullopt},
                                Row{0, "Zürich 🚀", std::numeric_limits<double>::denorm_min()},
                                Row{std::numeric_limits<std::int64_t>::max(), nul_inside, 0.1}));
}

TEST_F(SessionTest, ComputedColumnsHaveTheTypeThatIsAskedFor) {
  const auto row = db.read([](Session& s) {
    return s.first<std::int64_t, double, Text, std::optional<std::int64_t>>(
        "SELECT 9007199254740993 + 0, 1.5 * 2, 'a' || :b, NULL", {Text("b")});
  });
  EXPECT_EQ(row, std::make_tuple(9007199254740993, 3.0, Text("ab"), std::nullopt));
}

TEST_F(SessionTest, OneParameterMayChangeItsTypeBetweenCalls) {
  const auto type_of = [](Session& s, const Value& value) {
    return std::get<0>(*s.first<Text>("SELECT typeof(:x)", {value}));
  };
  const auto types = db.read([&](Session& s) {
    return std::vector<Text>{type_of(s, Text("1")), type_of(s, std::int64_t{1}),
                             type_of(s, std::monostate()), type_of(s, 1.0), type_of(s, Text())};
  });
  EXPECT_THAT(types, ElementsAre("text", "integer", "null", "real", "text"));
}

TEST_F(SessionTest, OneStatementMayBeReadInSeveralTypes) {
  db.read([](Session& s) {
    EXPECT_EQ(s.first<Text>("SELECT 7"), std::make_tuple(Text("7")));
    EXPECT_EQ(s.first<std::int64_t>("SELECT 7"), std::make_tuple(std::int64_t{7}));
    EXPECT_EQ(s.first<std::optional<double>>("SELECT 7"), std::make_tuple(std::optional(7.0)));
  });
}

TEST_F(SessionTest, FirstOfNothingIsNothing) {
  EXPECT_EQ(db.read([](Session& s) { return s.first<Text>("SELECT name FROM item"); }),
            std::nullopt);
}

TEST_F(SessionTest, NullInAPlainColumnIsAnError) {
  EXPECT_EQ(code_of([&] { db.read([](Session& s) { s.first<Text>("SELECT NULL"); }); }),
            ErrorCode::InternalError);
}

TEST_F(SessionTest, ExecuteCountsTheRowsThatChanged) {
  for (int id = 0; id < 5; ++id) insert(id, std::monostate(), std::monostate());
  EXPECT_EQ(db.write([](Session& s) { return s.execute("DELETE FROM item WHERE id < 3"); }), 3);
  EXPECT_EQ(db.write([](Session& s) { return s.execute("DELETE FROM item WHERE id < 3"); }), 0);
  EXPECT_EQ(db.write([](Session& s) {
    return s.execute("INSERT INTO item (id) VALUES (:id) ON CONFLICT DO NOTHING",
                     {std::int64_t{3}});
  }),
            0);
}

TEST_F(SessionTest, AThrowingRowLeavesTheStatementUsableAndNoSnapshotOpen) {
  for (int id = 0; id < 3; ++id) insert(id, std::monostate(), std::monostate());
  const char* sql = "SELECT id FROM item";
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(code_of([&] {
                db.read([sql](Session& s) {
                  s.each<std::int64_t>(sql, {}, [](std::int64_t) {
                    throw Error(ErrorCode::InvalidState, "enough");
                  });
                });
              }),
              ErrorCode::InvalidState);
    insert(10 + round, std::monostate(), std::monostate());
    const auto count = db.read([sql](Session& s) {
      int rows = 0;
      s.each<std::int64_t>(sql, {}, [&rows](std::int64_t) { ++rows; });
      return rows;
    });
    EXPECT_EQ(count, 4 + round);
  }
}

TEST_F(SessionTest, AFailedStatementCanBeRunAgainInTheSameBody) {
  insert(1, Text("taken"), std::monostate());
  db.write([](Session& s) {
    const char* sql = "INSERT INTO item (id, name) VALUES (:id, :name)";
    EXPECT_THROW(s.execute(sql, {std::int64_t{2}, Text("taken")}), UniqueViolation);
    s.execute(sql, {std::int64_t{2}, Text("free")});
  });
  EXPECT_THAT(ids(), ElementsAre(1, 2));
}

TEST_F(SessionTest, UsingTheSessionInsideItsRowsIsRefused) {
  EXPECT_EQ(code_of([&] {
              db.read([](Session& s) {
                s.each<std::int64_t>("SELECT 1", {},
                                     [&s](std::int64_t) { s.first<std::int64_t>("SELECT 2"); });
              });
            }),
            ErrorCode::InternalError);
}

TEST_F(SessionTest, NestedOperationsAreRefused) {
  const auto read = [this] { db.read([](Session&) {}); };
  EXPECT_EQ(code_of([&] { db.read([&](Session&) { read(); }); }), ErrorCode::InternalError);
  EXPECT_EQ(code_of([&] { db.write([&](Session&) { read(); }); }), ErrorCode::InternalError);
  EXPECT_EQ(code_of([&] { db.read([&](Session&) { db.write([](Session&) {}); }); }),
            ErrorCode::InternalError);
  read();
}

TEST_F(SessionTest, AReadCannotWrite) {
  EXPECT_EQ(code_of([&] { db.read([](Session& s) { s.execute("DELETE FROM item"); }); }),
            ErrorCode::InternalError);
}

TEST_F(SessionTest, AReadSeesOneSnapshot) {
  insert(1, std::monostate(), std::monostate());
  const auto count = [](Session& s) {
    return std::get<0>(*s.first<std::int64_t>("SELECT count(*) FROM item"));
  };
  db.read([&](Session& s) {
    EXPECT_EQ(count(s), 1);
    std::thread([this] { insert(2, std::monostate(), std::monostate()); }).join();
    EXPECT_EQ(count(s), 1);
  });
  EXPECT_EQ(db.read(count), 2);
}

TEST_F(SessionTest, MoreStatementsThanAreKeptAllWork) {
  db.read([](Session& s) {
    for (int round = 0; round < 2; ++round) {
      for (std::int64_t i = 0; i < 300; ++i) {
        const auto row = s.first<std::int64_t>("SELECT :x + " + std::to_string(i), {i});
        ASSERT_EQ(row, std::make_tuple(2 * i));
      }
    }
  });
}

TEST_F(SessionTest, LikeMindsCaseAndForeignKeysHold) {
  db.read([](Session& s) {
    EXPECT_EQ(s.first<std::int64_t>("SELECT 'a' LIKE 'A'"), std::make_tuple(std::int64_t{0}));
  });
  EXPECT_EQ(code_of([&] {
              db.write([](Session& s) { s.execute("INSERT INTO item (id, owner) VALUES (1, 2)"); });
            }),
            ErrorCode::BadRequest);
}

TEST_F(SessionTest, ErrorsSayNothingOfSqlOrValues) {
  insert(1, Text("hidden"), std::monostate());
  const std::vector<std::pair<Text, ErrorCode>> cases{
      {"INSERT INTO item (id, name) VALUES (2, 'hidden')", ErrorCode::BadRequest},
      {"INSERT INTO item (id) VALUES (1)", ErrorCode::BadRequest},
      {"INSERT INTO item (id, note) VALUES (3, NULL)", ErrorCode::BadRequest},
      {"INSERT INTO item (id) VALUES (13)", ErrorCode::BadRequest},
      {"INSERT INTO item (id, owner) VALUES (4, 99)", ErrorCode::BadRequest},
      {"SELECT hidden FROM item", ErrorCode::InternalError},
      {"hidden", ErrorCode::InternalError},
      {"SELECT id FROM item WHERE id = :hidden", ErrorCode::InternalError},
  };
  for (const auto& [sql, code] : cases) {
    try {
      db.write([&sql = sql](Session& s) { s.execute(sql); });
      ADD_FAILURE() << sql;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << sql;
      for (const char* word : {"hidden", "INSERT", "SELECT", "item"}) {
        EXPECT_EQ(Text(error.what()).find(word), Text::npos) << error.what();
      }
    }
  }
  EXPECT_THAT(ids(), ElementsAre(1));
}

TEST_F(SessionTest, WrongNumbersOfValuesOrColumnsAreRefused) {
  db.read([](Session& s) {
    EXPECT_EQ(code_of([&] { s.first<std::int64_t>("SELECT :a + :b", {std::int64_t{1}}); }),
              ErrorCode::InternalError);
    EXPECT_EQ(code_of([&] {
                s.first<std::int64_t>("SELECT :a", {std::int64_t{1}, std::int64_t{2}});
              }),
              ErrorCode::InternalError);
    EXPECT_EQ(code_of([&] { s.first<std::int64_t, std::int64_t>("SELECT 1"); }),
              ErrorCode::InternalError);
  });
}

TEST_F(SessionTest, ManyReadersShareABoundedNumberOfSessions) {
  insert(1, std::monostate(), std::monostate());
  std::atomic<int> seen = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 40; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) seen += static_cast<int>(ids().size());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen, 800);
}

TEST_F(SessionTest, WritesMayBeRefused) {
  insert(1, std::monostate(), std::monostate());
  EXPECT_FALSE(db.refuses_writes());
  db.refuse_writes("For a reason.");
  EXPECT_TRUE(db.refuses_writes());
  const auto change = [](Session& s) { s.execute("DELETE FROM item"); };
  EXPECT_EQ(code_of([&] { db.write(change); }), ErrorCode::PermissionDenied);
  EXPECT_EQ(code_of([&] { db.try_write(std::chrono::milliseconds(50), change); }),
            ErrorCode::PermissionDenied);
  EXPECT_THAT(ids(), ElementsAre(1));
  EXPECT_FALSE(db.has_failed_to_write());
}

TEST_F(SessionTest, ATriedWriteWaitsNoLongerThanItIsTold) {
  ForeignConnection foreign(path());
  foreign.run("BEGIN IMMEDIATE");
  const auto began = std::chrono::steady_clock::now();
  const auto change = [](Session& s) { s.execute("INSERT INTO item (id) VALUES (5)"); };
  EXPECT_EQ(code_of([&] { db.try_write(std::chrono::milliseconds(50), change); }),
            ErrorCode::TemporarilyUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_TRUE(db.has_failed_to_write());
  foreign.run("COMMIT");
  db.try_write(std::chrono::milliseconds(50), change);
  EXPECT_FALSE(db.has_failed_to_write());
  EXPECT_THAT(ids(), ElementsAre(5));
}

TEST_F(SessionTest, OnlyTheLastWriteSaysWhetherWritesFail) {
  insert(1, std::monostate(), std::monostate());
  EXPECT_EQ(code_of([&] { insert(1, std::monostate(), std::monostate()); }), ErrorCode::BadRequest);
  EXPECT_FALSE(db.has_failed_to_write());  // the database did what it should
  EXPECT_EQ(code_of([&] { db.write([](Session& s) { s.execute("no SQL"); }); }),
            ErrorCode::InternalError);
  EXPECT_TRUE(db.has_failed_to_write());
  EXPECT_EQ(code_of([&] { insert(1, std::monostate(), std::monostate()); }), ErrorCode::BadRequest);
  EXPECT_TRUE(db.has_failed_to_write());
  insert(2, std::monostate(), std::monostate());
  EXPECT_FALSE(db.has_failed_to_write());
}

TEST_F(DbTest, AStatementThatIsTooLargeIsTheCallersFault) {
  Db db(options());
  std::string order = "1";
  for (int i = 0; i < 3000; ++i) order += ", 1";
  for (const auto& [sql, value] :
       {std::pair("SELECT 1 ORDER BY " + order, Value(std::int64_t{1})),
        std::pair(std::string("SELECT 1 WHERE 'a' LIKE :p"), Value(std::string(50'001, 'a')))}) {
    try {
      const Values values = sql.ends_with(":p") ? Values{value} : Values{};
      db.read([&, &text = sql](Session& s) { return s.first<std::int64_t>(text, values); });
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::BadRequest);
    }
  }
}

}  // namespace
}  // namespace millrace::database_test
