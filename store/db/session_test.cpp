// What every kind of database must do under Session, whatever its client library makes of types,
// NULL, NUL and errors.
#include <limits>

#include "store/suites/registry.h"

namespace millrace::session_test {
namespace {

using Text = std::string;
using Integer = std::int64_t;
using OptionalText = std::optional<Text>;

class SessionSuite : public RegistrySuite {
 protected:
  SessionSuite() {
    db().write([](Session& s) {
      s.execute(
          "CREATE TABLE session_item (id BIGINT PRIMARY KEY, name VARCHAR(50) UNIQUE,"
          " size DOUBLE PRECISION, owner BIGINT,"
          " FOREIGN KEY (owner) REFERENCES session_item (id))");
    });
  }
  ~SessionSuite() override {
    db().write([](Session& s) { s.execute("DROP TABLE session_item"); });
  }

  void insert(Integer id, const Value& name, const Value& size) {
    db().write([&](Session& s) {
      s.execute("INSERT INTO session_item (id, name, size) VALUES (:id, :name, :size)",
                {id, name, size});
    });
  }
  Integer count() { return db().read(&SessionSuite::count_in); }
  static Integer count_in(Session& s) {
    return std::get<0>(*s.first<Integer>("SELECT COUNT(*) FROM session_item"));
  }
};

TEST_P(SessionSuite, IntegersKeepAllTheir64Bits) {
  for (const Integer id : {std::numeric_limits<Integer>::min(), Integer{9007199254740993},
                           std::numeric_limits<Integer>::max()}) {
    insert(id, std::monostate(), std::monostate());
    EXPECT_EQ(db().read([&](Session& s) {
      return s.first<Integer>("SELECT id FROM session_item WHERE id = :id", {id});
    }),
              std::make_tuple(id));
  }
}

TEST_P(SessionSuite, DoublesComeBackBitForBit) {
  Integer id = 0;
  for (const double size : {0.1, 1.0 / 3, -5e-324, 1.7976931348623157e308, 2.5}) {
    insert(++id, std::monostate(), size);
    EXPECT_EQ(db().read([&](Session& s) {
      return s.first<double>("SELECT size FROM session_item WHERE id = :id", {id});
    }),
              std::make_tuple(size));
  }
}

TEST_P(SessionSuite, NulIsKeptOrRefusedButNeverCut) {
  const Text text("a\0b", 3);
  if (db().dialect() == Dialect::Postgresql) {
    EXPECT_MILLRACE_ERROR(insert(1, text, std::monostate()), ErrorCode::BadRequest,
                          "The database refused the request: a text holds the character NUL.");
    EXPECT_EQ(count(), 0);
    return;
  }
  insert(1, text, std::monostate());
  EXPECT_EQ(db().read([](Session& s) { return s.first<Text>("SELECT name FROM session_item"); }),
            std::make_tuple(text));
}

TEST_P(SessionSuite, NullAndEmptyTextAreTwoThings) {
  insert(1, std::monostate(), std::monostate());
  insert(2, Text(), 0.0);
  std::vector<std::pair<bool, bool>> present;
  db().read([&](Session& s) {
    s.each<OptionalText, std::optional<double>>(
        "SELECT name, size FROM session_item ORDER BY id", {},
        [&](const OptionalText& name, std::optional<double> size) {
          present.emplace_back(name.has_value(), size.has_value());
        });
  });
  EXPECT_EQ(present, (std::vector<std::pair<bool, bool>>{{false, false}, {true, true}}));
  EXPECT_MILLRACE_ERROR(
      db().read([](Session& s) { s.first<Text>("SELECT name FROM session_item WHERE id = 1"); }),
      ErrorCode::InternalError, "The database holds NULL where a value is required.");
}

TEST_P(SessionSuite, OneStatementTakesNullAndValuesInTurn) {
  for (Integer id = 0; id < 6; ++id) {
    insert(id, id % 2 == 0 ? Value() : Value("n" + std::to_string(id)),
           id % 3 == 0 ? Value() : Value(0.5));
  }
  db().read([](Session& s) {
    EXPECT_EQ(s.first<Integer>("SELECT COUNT(*) FROM session_item WHERE name IS NULL"),
              std::make_tuple(Integer{3}));
    EXPECT_EQ(s.first<Integer>("SELECT COUNT(*) FROM session_item WHERE size IS NULL"),
              std::make_tuple(Integer{2}));
  });
}

TEST_P(SessionSuite, ComputedColumnsHaveTheTypeThatIsAskedFor) {
  EXPECT_EQ(db().read([](Session& s) {
    return s.first<Integer, double, Text, std::optional<Integer>>(
        "SELECT 9007199254740993 + 0, 1.5 * 2, UPPER('a'), NULL");
  }),
            std::make_tuple(Integer{9007199254740993}, 3.0, Text("A"), std::nullopt));
}

// Otherwise the statement kept its snapshot, and what others write meanwhile would stay unseen.
TEST_P(SessionSuite, EveryStatementIsFetchedToItsEnd) {
  for (Integer id = 0; id < 5; ++id) insert(id, std::monostate(), std::monostate());
  const char* sql = "SELECT id FROM session_item ORDER BY id";
  for (Integer round = 0; round < 3; ++round) {
    EXPECT_EQ(db().read([&](Session& s) { return s.first<Integer>(sql); }),
              std::make_tuple(Integer{0}));
    EXPECT_THROW(db().read([&](Session& s) {
      s.each<Integer>(sql, {}, [](Integer) { throw Error(ErrorCode::InvalidState, "enough"); });
    }),
                 Error);
    insert(10 + round, std::monostate(), std::monostate());
    EXPECT_EQ(count(), 6 + round);
  }
}

TEST_P(SessionSuite, AReadSeesOneSnapshotAndWritesNothing) {
  insert(1, std::monostate(), std::monostate());
  db().read([&](Session& s) {
    EXPECT_EQ(count_in(s), 1);
    std::thread([this] { insert(2, std::monostate(), std::monostate()); }).join();
    EXPECT_EQ(count_in(s), 1);
  });
  EXPECT_EQ(count(), 2);
  EXPECT_THROW(db().read([](Session& s) { s.execute("DELETE FROM session_item"); }), Error);
  EXPECT_EQ(count(), 2);
}

TEST_P(SessionSuite, TheKindOfARefusalIsKnown) {
  insert(1, Text("taken"), std::monostate());
  EXPECT_THROW(insert(1, Text("other"), std::monostate()), UniqueViolation);
  EXPECT_THROW(insert(2, Text("taken"), std::monostate()), UniqueViolation);
  try {
    db().write(
        [](Session& s) { s.execute("INSERT INTO session_item (id, owner) VALUES (3, 424242)"); });
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadRequest);
    EXPECT_EQ(Text(error.what()).find("424242"), Text::npos) << error.what();
    EXPECT_EQ(Text(error.what()).find("INSERT"), Text::npos) << error.what();
  }
  try {
    db().read([](Session& s) { s.first<Text>("SELECT nothing FROM nowhere"); });
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InternalError);
    EXPECT_EQ(Text(error.what()).find("nowhere"), Text::npos) << error.what();
  }
  EXPECT_EQ(count(), 1);
}

TEST_P(SessionSuite, AGuardedStatementMayFailInsideItsTransaction) {
  insert(1, Text("taken"), std::monostate());
  db().write([](Session& s) {
    const char* sql = "INSERT INTO session_item (id, name) VALUES (:id, :name)";
    s.execute(sql, {Integer{2}, Text("before")});
    EXPECT_THROW(s.execute_guarded(sql, {Integer{3}, Text("taken")}), UniqueViolation);
    s.execute_guarded(sql, {Integer{4}, Text("free")});
  });
  EXPECT_EQ(count(), 3);
}

TEST_P(SessionSuite, AThrowingBodyLeavesNothing) {
  EXPECT_THROW(db().write([](Session& s) {
    s.execute("INSERT INTO session_item (id) VALUES (1)");
    throw Error(ErrorCode::InvalidState, "no");
  }),
               Error);
  EXPECT_EQ(count(), 0);
}

MILLRACE_REGISTRY_SUITE(SessionSuite);

}  // namespace
}  // namespace millrace::session_test
