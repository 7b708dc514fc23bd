#include "store/db/database_uri.h"

#include <gmock/gmock.h>

#include "store/common/error.h"

namespace millrace::database_uri_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

std::string refusal(const std::string& uri) {
  try {
    parse_database_uri(uri);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
    return error.message();
  }
  return "accepted";
}

TEST(DatabaseUri, EverySchemeHasItsDialectAndDriver) {
  struct Case {
    std::string scheme, driver;
    Dialect dialect;
  };
  for (const Case& one : {Case{"mysql", "mysqldb", Dialect::Mysql},
                          {"mysql+pymysql", "pymysql", Dialect::Mysql},
                          {"mysql+mysqldb", "mysqldb", Dialect::Mysql},
                          {"mysql+mysqlconnector", "mysqlconnector", Dialect::Mysql},
                          {"mariadb", "mysqldb", Dialect::Mysql},
                          {"mariadb+pymysql", "pymysql", Dialect::Mysql},
                          {"postgresql", "psycopg2", Dialect::Postgresql},
                          {"postgresql+psycopg2", "psycopg2", Dialect::Postgresql},
                          {"postgresql+psycopg", "psycopg", Dialect::Postgresql},
                          {"postgres", "psycopg2", Dialect::Postgresql}}) {
    const DatabaseUri uri = parse_database_uri(one.scheme + "://u:p@h/d");
    EXPECT_EQ(uri.driver, one.driver) << one.scheme;
    EXPECT_EQ(uri.dialect, one.dialect) << one.scheme;
    EXPECT_EQ(uri.user + uri.password + uri.host + uri.database, "uphd");
  }
  EXPECT_EQ(parse_database_uri("sqlite:///x.db").dialect, Dialect::Sqlite);
  EXPECT_EQ(parse_database_uri("sqlite+pysqlite:////x.db").dialect, Dialect::Sqlite);
}

// Compared with SQLAlchemy 2.1's make_url.
TEST(DatabaseUri, IsTakenApartAsSqlalchemyDoes) {
  struct Case {
    std::string rest, user, password, host;
    int port;
    std::string database;
  };
  for (const Case& one :
       {Case{"u:p%40ss%2Fw+x%25@h:3307/db?charset=utf8mb4", "u", "p@ss/w+x%", "h", 3307, "db"},
        {"u:p/w?d@h/db", "u", "p/w?d", "h", 0, "db"},
        {"u@x:p@h/db", "u@x", "p", "h", 0, "db"},
        {"u%3ax:p%3a:p@h/db", "u:x", "p::p", "h", 0, "db"},
        {"a@b@h/db", "a@b", "", "h", 0, "db"},
        {"u:@h/db", "u", "", "h", 0, "db"},
        {":p@h/db", "", "p", "h", 0, "db"},
        {"h:3306/db?x=a", "", "", "h", 3306, "db"},
        {"u:p@[::1]:3306/d", "u", "p", "::1", 3306, "d"},
        {"[fe80::1%25eth0]/d", "", "", "fe80::1%25eth0", 0, "d"},
        {"/d?unix_socket=/run/x.sock", "", "", "", 0, "d"},
        {"u:%zz%4@h/d%C3%A9/e%2ff", "u", "%zz%4", "h", 0, "d\xC3\xA9/e/f"},
        {"u:p@h/d#x", "u", "p", "h", 0, "d#x"}}) {
    const DatabaseUri uri = parse_database_uri("mysql+pymysql://" + one.rest);
    EXPECT_EQ(uri.user, one.user) << one.rest;
    EXPECT_EQ(uri.password, one.password) << one.rest;
    EXPECT_EQ(uri.host, one.host) << one.rest;
    EXPECT_EQ(uri.port, one.port) << one.rest;
    EXPECT_EQ(uri.database, one.database) << one.rest;
  }
}

TEST(DatabaseUri, OptionsAreDecodedAndKeepTheirOrder) {
  EXPECT_THAT(
      parse_database_uri("mysql://h/d?charset=utf8mb4&ssl_ca=/a%20b+c&x&%79=&&x=%26").options,
      ElementsAre(Pair("charset", "utf8mb4"), Pair("ssl_ca", "/a b c"), Pair("x", ""),
                  Pair("y", ""), Pair("x", "&")));
  const DatabaseUri socket = parse_database_uri("mysql://u@/d?unix_socket=/run/my%20sql.sock");
  EXPECT_EQ(socket.socket, "/run/my sql.sock");
  EXPECT_THAT(socket.options, IsEmpty());
}

TEST(DatabaseUri, PostgresqlTakesConnectionFromOptions) {
  const DatabaseUri all = parse_database_uri(
      "postgresql://u:p@h:1/d?user=v&password=q&dbname=e&host=/run/pg&port=2&sslmode=require");
  EXPECT_EQ(all.user, "v");
  EXPECT_EQ(all.password, "q");
  EXPECT_EQ(all.database, "e");
  EXPECT_EQ(all.host, "/run/pg");
  EXPECT_EQ(all.port, 2);
  EXPECT_THAT(all.options, ElementsAre(Pair("sslmode", "require")));

  const auto hosts = [](const std::string& query) {
    const DatabaseUri uri = parse_database_uri("postgresql://u:p@/d?" + query);
    return uri.host + " " + uri.ports + " " + std::to_string(uri.port);
  };
  EXPECT_EQ(hosts("host=a:1&host=b:2"), "a,b 1,2 0");
  EXPECT_EQ(hosts("host=a&host=b:2"), "a,b ,2 0");
  EXPECT_EQ(hosts("host=a:1,b:2"), "a,b 1,2 0");
  EXPECT_EQ(hosts("host=a,b&port=1,2"), "a,b 1,2 0");
  EXPECT_EQ(hosts("host=a,b&port=7"), "a,b  7");
  EXPECT_EQ(hosts("host=::1"), "::1  0");
  EXPECT_EQ(hosts("host=/a:b"), "/a:b  0");
  EXPECT_EQ(parse_database_uri("postgresql://u:p@a,b/d").host, "a,b");
}

TEST(DatabaseUri, PostgresqlMayLeaveOutAnything) {
  for (const std::string uri : {"postgresql://", "postgresql:///", "postgresql+psycopg2://",
                                "postgres://?sslmode=require", "postgresql://@:/"}) {
    const DatabaseUri parsed = parse_database_uri(uri);
    EXPECT_EQ(parsed.user + parsed.password + parsed.host + parsed.ports + parsed.database, "");
    EXPECT_EQ(parsed.port, 0);
    EXPECT_EQ(without_password(uri), uri);
  }
  EXPECT_EQ(parse_database_uri("postgresql://u:p@h:5433").host, "h");
}

TEST(DatabaseUri, SaysWhatIsWrong) {
  EXPECT_THAT(refusal("mlflow.db"), HasSubstr("no '://'"));
  EXPECT_THAT(refusal("mssql://h/d"), HasSubstr("scheme is not known"));
  EXPECT_THAT(refusal("mysql+pyodbc://h/d"), HasSubstr("driver 'pyodbc' of mysql"));
  EXPECT_THAT(refusal("postgresql+asyncpg://h/d"), HasSubstr("driver 'asyncpg' of postgresql"));
  EXPECT_THAT(refusal("mysql+://h/d"), HasSubstr("driver '' of mysql"));
  EXPECT_THAT(refusal("mysql://u:p@h"), HasSubstr("names no database"));
  EXPECT_THAT(refusal("mysql://u:p@h/"), HasSubstr("names no database"));
  EXPECT_THAT(refusal("mysql://u:p@h?charset=utf8"), HasSubstr("names no database"));
  EXPECT_THAT(refusal("mysql://u:p@h:x/d"), HasSubstr("the port"));
  EXPECT_THAT(refusal("mysql://u:p@h:0/d"), HasSubstr("the port"));
  EXPECT_THAT(refusal("mysql://u:p@h:65536/d"), HasSubstr("the port"));
  EXPECT_THAT(refusal("mysql://u:p@[::1/d"), HasSubstr("no ']'"));
  EXPECT_THAT(refusal("postgresql://[?x]/d"), HasSubstr("no ']'"));
  EXPECT_THAT(refusal("mysql://u:p@[::1]x/d"), HasSubstr("after the ']'"));
  EXPECT_THAT(refusal("mysql://u:p@ss@h/d"), HasSubstr("%40"));
  EXPECT_THAT(refusal("mysql://u:p%00@h/d"), HasSubstr("the password holds a NUL"));
  EXPECT_THAT(refusal("mysql://u@h/d?x=%00"), HasSubstr("NUL"));
  EXPECT_THAT(refusal("mysql://u@/d?unix_socket=a&unix_socket=b"),
              HasSubstr("'unix_socket' is given twice"));
  EXPECT_THAT(refusal("postgresql://u@/d?host=a:1&host=b&port=2"), HasSubstr("'host' and in"));
  EXPECT_THAT(refusal("postgresql://u@/d?host=a:x"), HasSubstr("the port"));
}

TEST(DatabaseUri, NoMessageShowsAPassword) {
  for (const std::string uri :
       {"mysql://u:secret", "mysql://u:secret/d", "mysql://u:s@secret@h/d", "mysql://u:secret@h",
        "mysql://u:secret@h:x/d", "mysql://u:secret%00@h/d", "mysql+odd://u:secret@h/d",
        "mysql://u:[secret@h/d?x=1@secret", "other://u:secret@h/d", "mysql:/u:secret@h/d",
        "mysql://u:secret@[::1/d", "postgresql://u@/d?password=secret&password=secret",
        "postgresql://u@:secret/d", "postgresql://u@/d?host=h:secret"}) {
    EXPECT_THAT(refusal(uri), Not(HasSubstr("secret"))) << uri;
  }
}

TEST(DatabaseUri, AnOptionIsSet) {
  EXPECT_EQ(with_option("mysql://u:p/w?d@h/d", "ssl_ca", "/a b&c+\xC3\xA9"),
            "mysql://u:p/w?d@h/d?ssl_ca=/a%20b%26c%2B%C3%A9");
  EXPECT_EQ(with_option("mysql://h/d?ssl%5Fca=x&charset=y&ssl_ca=z", "ssl_ca", "w"),
            "mysql://h/d?charset=y&ssl_ca=w");
  EXPECT_EQ(parse_database_uri(with_option("mysql://h/d?x=a@b", "y", "&=?%")).options.back().second,
            "&=?%");
}

TEST(WithoutPassword, HidesWhatMayBeOne) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"mysql://u:secret@h:1/d?charset=x", "mysql://u:***@h:1/d?charset=x"},
      {"mysql://u@h/d", "mysql://u@h/d"},
      {"mysql://h:3306/d", "mysql://h:3306/d"},
      {"mysql://[::1]:3306/d", "mysql://[::1]:3306/d"},
      {"mysql://u:secret@[::1]:3306/d", "mysql://u:***@[::1]:3306/d"},
      {"mysql://u:se@cret@h/d", "mysql://u:***@h/d"},
      {"mysql://u:se/c?r:et@h/d", "mysql://u:***@h/d"},
      {"mysql://u:secret", "mysql://u:***"},
      {"mysql://u:secret/d", "mysql://u:***"},
      {"mysql://u:@h/d", "mysql://u:***@h/d"},
      {"postgresql://u@h/d?password=secret&sslmode=require",
       "postgresql://u@h/d?password=***&sslmode=require"},
      {"postgresql://u@h/d?pass%77ord=secret", "postgresql://u@h/d?pass%77ord=***"},
      {"mysql://h/d?ssl_key_password=secret&passwd=secret",
       "mysql://h/d?ssl_key_password=***&passwd=***"},
      {"postgresql://u@h?password=secret&options=x:y",
       "postgresql://u@h?password=***&options=x:***"},
      {"mysql://h?passwd=secret&x=a:b@c/d", "mysql://h?passwd=***&x=a:***@c/d"},
      {"sqlite:////data/a:b@c.db", "sqlite:////data/a:b@c.db"},
      {"odd://u:secret@h", "odd://u:***@h"},
      {"mlflow.db", "mlflow.db"}};
  for (const auto& [uri, shown] : cases) EXPECT_EQ(without_password(uri), shown);
}

}  // namespace
}  // namespace millrace::database_uri_test
