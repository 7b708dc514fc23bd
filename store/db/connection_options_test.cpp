#include "store/db/connection_options.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include "store/common/error.h"

namespace millrace::connection_options_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Without the parts that every MySQL connection has.
std::string mysql(const std::string& uri) {
  const MysqlConnection connection = mysql_connection(parse_database_uri(uri));
  std::string text = connection.connect_string + (connection.must_be_encrypted ? " encrypted" : "");
  for (const std::string_view usual :
       {" charset='utf8mb4'", " connect_timeout='3'", "local-infile={0};"}) {
    const std::size_t at = text.find(usual);
    EXPECT_NE(at, std::string::npos) << text;
    if (at != std::string::npos) text.erase(at, usual.size());
  }
  return text;
}

std::string postgresql(const std::string& uri) {
  std::string text = postgresql_connect_string(parse_database_uri(uri));
  for (const std::string_view usual :
       {" client_encoding='UTF8'", " connect_timeout='3'", " keepalives_interval='5'",
        " keepalives_count='3'", " tcp_user_timeout='20000'",
        " fallback_application_name='millrace'"}) {
    const std::size_t at = text.find(usual);
    EXPECT_NE(at, std::string::npos) << text;
    if (at != std::string::npos) text.erase(at, usual.size());
  }
  return text;
}

std::string refusal(const std::string& uri) {
  try {
    check_database_uri(uri);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidParameterValue);
    return error.message();
  }
  return "accepted";
}

TEST(MysqlConnection, Address) {
  EXPECT_EQ(mysql("mysql://u:p@h:3307/d?ssl_disabled=1"),
            "user='u' password='p' dbname='d' port='3307' host='host={h};'");
  EXPECT_EQ(mysql("mysql+pymysql://u@localhost/d?ssl_disabled=true"),
            "user='u' dbname='d' host='host={localhost};protocol={1};'");
  EXPECT_EQ(mysql("mysql://u@localhost/d"), "user='u' dbname='d' host='host={localhost};'");
  EXPECT_EQ(mysql("mysql+mysqlconnector://u@[::1]/d?ssl_disabled=1"),
            "user='u' dbname='d' host='host={::1};protocol={1};'");
  EXPECT_EQ(mysql("mysql+pymysql://u@h:1/d?unix_socket=/run/a b.sock"),
            "user='u' dbname='d' unix_socket='/run/a b.sock' host=''");
  EXPECT_EQ(mysql("mysql:///d"), "dbname='d' host=''");
}

TEST(MysqlConnection, OddCharactersAreQuoted) {
  EXPECT_EQ(mysql("mysql://u%27x:p%20%27%5C%22%3D%3B%7D@h/d%3B?ssl_disabled=1"),
            "user='u\\'x' password='p \\'\\\\\"=;}' dbname='d;' host='host={h};'");
  // A host cannot smuggle options in.
  EXPECT_EQ(mysql("mysql://u@h;local-infile=1/d?ssl_disabled=1"),
            "user='u' dbname='d' host='host={h;local-infile=1};'");
  EXPECT_THAT(refusal("mysql://u@h};local-infile={1/d"), HasSubstr("cannot hold a '}'"));
  EXPECT_THAT(refusal("mysql://u@h/d?ssl_ca=%7D"), HasSubstr("'ssl_ca'"));
  EXPECT_THAT(refusal("mysql://u@" + std::string(256, 'h') + "/d"), HasSubstr("too long"));
}

TEST(MysqlConnection, EveryKindOfTls) {
  struct Case {
    std::string driver, query, library;
  };
  const std::string enforce = "ssl-enforce={1};";
  const std::string verify = "ssl-verify-server-cert={1};";
  for (const Case& one :
       {Case{"pymysql", "", enforce},
        {"pymysql", "ssl_disabled=TRUE", ""},
        {"mysqlconnector", "ssl_disabled=false", enforce},
        {"pymysql", "ssl_ca=/ca.pem", enforce + "ssl-ca={/ca.pem};" + verify + " encrypted"},
        {"pymysql", "ssl_ca=/ca.pem&ssl_check_hostname=false",
         enforce + "ssl-ca={/ca.pem}; encrypted"},
        {"pymysql", "ssl_ca=/ca.pem&ssl_verify_cert=true", enforce + "ssl-ca={/ca.pem}; encrypted"},
        {"pymysql", "ssl_ca=/ca.pem&ssl_verify_cert=false", enforce + " encrypted"},
        {"pymysql", "ssl_verify_identity=1", enforce + verify + " encrypted"},
        {"pymysql", "ssl_cert=/c&ssl_key=/k&ssl_key_password=x%27y",
         enforce + "ssl-cert={/c};ssl-key={/k};ssl-passphrase={x\\'y}; encrypted"},
        {"mysqlconnector", "ssl_ca=/ca.pem", enforce + "ssl-ca={/ca.pem}; encrypted"},
        {"mysqldb", "ssl_capath=/ca", enforce + "ssl-capath={/ca}; encrypted"},
        {"mysqldb", "ssl_ca=/ca.pem&ssl_check_hostname=yes",
         enforce + "ssl-ca={/ca.pem};" + verify + " encrypted"},
        {"mysqldb", "ssl_cipher=HIGH", enforce + "ssl-cipher={HIGH}; encrypted"},
        {"mysqldb", "ssl_mode=DISABLED", ""},
        {"mysqldb", "ssl_mode=PREFERRED", enforce},
        {"mysqldb", "ssl_mode=REQUIRED&ssl_ca=/ca.pem", enforce + " encrypted"},
        {"mysqldb", "ssl_mode=VERIFY_CA&ssl_ca=/ca.pem", enforce + "ssl-ca={/ca.pem}; encrypted"},
        {"mysqldb", "ssl_mode=VERIFY_IDENTITY", enforce + verify + " encrypted"}}) {
    const std::string protocol = one.driver == "mysqldb" ? "" : "protocol={1};";
    const std::size_t space = one.library.rfind(' ');
    EXPECT_EQ(mysql("mysql+" + one.driver + "://u@h/d?" + one.query),
              "user='u' dbname='d' host='host={h};" + protocol + one.library.substr(0, space) +
                  "'" + (space == std::string::npos ? "" : " encrypted"))
        << one.driver << " " << one.query;
  }
}

TEST(MysqlConnection, OtherOptions) {
  EXPECT_THAT(mysql_connection(
                  parse_database_uri("mysql+pymysql://h/d?connect_timeout=5&read_timeout=6&"
                                     "write_timeout=7&charset=utf8&use_unicode=1&local_infile=0&"
                                     "init_command=SET+x%3D1;&compress=1&auth_plugin=dialog&"
                                     "unix_socket="))
                  .connect_string,
              "dbname='d' charset='utf8mb4' connect_timeout='5' read_timeout='6' "
              "write_timeout='7' host='host={h};protocol={1};local-infile={0};compress={1};"
              "init-command={SET x=1;};default-auth={dialog};ssl-enforce={1};'");
  EXPECT_THAT(
      mysql_connection(parse_database_uri("mysql+mysqlconnector://h/d?connection_timeout=7"))
          .connect_string,
      HasSubstr("connect_timeout='7'"));
}

TEST(MysqlConnection, WhatCannotBeHonouredIsNamed) {
  for (const std::string option : {"charset=latin1",
                                   "connect_timeout=0",
                                   "connect_timeout=x",
                                   "connect_timeout=5.0",
                                   "use_unicode=0",
                                   "autocommit=true",
                                   "local_infile=1",
                                   "sql_mode=ANSI",
                                   "client_flag=2",
                                   "read_default_file=/etc/my.cnf",
                                   "ssl=true",
                                   "ssl_verify_cert=maybe",
                                   "ssl_mode=on",
                                   "tls_versions=TLSv1.3",
                                   "collation=utf8mb4_bin",
                                   "user=x",
                                   "host=x",
                                   "password=x",
                                   "ssl_verify_cert=true",
                                   "compress=2",
                                   "nonsense=1",
                                   "nonsense",
                                   "CHARSET=utf8mb4",
                                   "ssl_key_password=x",
                                   "charset=utf8mb4&charset=utf8mb4"}) {
    const std::string name = option.substr(0, option.find('='));
    EXPECT_THAT(refusal("mysql+pymysql://h/d?" + option),
                HasSubstr("The option '" + name + "' of a MySQL database URI "))
        << option;
  }
  for (const std::string option :
       {"ssl_disabled=1&ssl_ca=/x", "ssl_disabled=1&ssl_mode=required",
        "ssl_mode=disabled&ssl_disabled=0", "ssl_verify_cert=0&ssl_verify_identity=1"}) {
    EXPECT_THAT(refusal("mysql+pymysql://h/d?" + option), HasSubstr("contradicts")) << option;
  }
  EXPECT_THAT(refusal("mysql://h/d?password=secret"), Not(HasSubstr("secret")));
}

TEST(PostgresqlConnection, AddressAndOptions) {
  EXPECT_EQ(postgresql("postgresql://u:p@h:5433/d"),
            "host='h' port='5433' user='u' password='p' dbname='d' keepalives_idle='15'");
  EXPECT_EQ(postgresql("postgres://u:@/d?host=/run/pg"),
            "host='/run/pg' user='u' dbname='d' keepalives_idle='15'");
  EXPECT_EQ(postgresql("postgresql://u@/d?host=a:1&host=b:2"),
            "host='a,b' port='1,2' user='u' dbname='d' keepalives_idle='15'");
  EXPECT_EQ(postgresql("postgresql+psycopg2://u:p%20%27%5C%3D@h/d%20x?sslmode=verify-full&"
                       "sslrootcert=/a%27b&application_name=me&options=-c%20search_path%3Dx&"
                       "target_session_attrs=read-write&keepalives_idle=30&client_encoding=utf8"),
            "host='h' user='u' password='p \\'\\\\=' dbname='d x' sslmode='verify-full' "
            "target_session_attrs='read-write' keepalives_idle='30' application_name='me' "
            "options='-c search_path=x' sslrootcert='/a\\'b'");
  EXPECT_THAT(postgresql_connect_string(parse_database_uri("postgresql://h/d?connect_timeout=7")),
              HasSubstr("connect_timeout='7'"));
}

// The variables of libpq, gone at the end.
class LibpqVariables : public testing::Test {
 protected:
  ~LibpqVariables() override {
    for (const char* name :
         {"PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSERVICE", "PGCONNECT_TIMEOUT"}) {
      unsetenv(name);
    }
  }
  // "host ports user database" of what is told.
  static std::string told(const std::string& uri) {
    const DatabaseUri filled = with_libpq_variables(parse_database_uri(uri));
    return filled.host + " " + filled.ports + " " + filled.user + " " + filled.database;
  }
};

TEST_F(LibpqVariables, WhatIsLeftOutIsLeftToLibpq) {
  setenv("PGHOST", "elsewhere", 1);
  const auto connect_string = [](const std::string& uri) {
    return postgresql_connect_string(parse_database_uri(uri));
  };
  const std::string usual =
      "client_encoding='UTF8' connect_timeout='3' keepalives_idle='15' keepalives_interval='5' "
      "keepalives_count='3' tcp_user_timeout='20000' fallback_application_name='millrace'";
  EXPECT_EQ(connect_string("postgresql://"), usual);
  EXPECT_EQ(connect_string("postgresql+psycopg2://u@/"), "user='u' " + usual);
  EXPECT_THAT(connect_string("postgresql://?service=x"), HasSubstr(" service='x'"));
  setenv("PGCONNECT_TIMEOUT", "3", 1);
  EXPECT_THAT(connect_string("postgresql://"), Not(HasSubstr("connect_timeout")));
  EXPECT_THAT(connect_string("postgresql://?connect_timeout=7"), HasSubstr("connect_timeout='7'"));
}

TEST_F(LibpqVariables, FillInWhatIsTold) {
  EXPECT_EQ(told("postgresql://"), "   ");
  EXPECT_EQ(told("postgresql://u@h"), "h  u u");  // libpq's own default
  setenv("PGHOST", "pg", 1);
  setenv("PGPORT", "5433", 1);
  setenv("PGUSER", "someone", 1);
  EXPECT_EQ(told("postgresql://"), "pg 5433 someone someone");
  setenv("PGDATABASE", "catalog", 1);
  EXPECT_EQ(told("postgresql://"), "pg 5433 someone catalog");
  EXPECT_EQ(told("postgresql://u@h:1/d"), "h  u d");
  EXPECT_EQ(told("mysql://h/d"), "h   d");
  EXPECT_EQ(told("postgresql://?service=x"), "   ");
  setenv("PGSERVICE", "y", 1);
  EXPECT_EQ(told("postgresql://"), "   ");
  EXPECT_EQ(libpq_service(parse_database_uri("postgresql://")), "y");
  EXPECT_EQ(libpq_service(parse_database_uri("postgresql://?service=x")), "x");
  EXPECT_EQ(libpq_service(parse_database_uri("mysql://h/d")), "");
}

TEST(PostgresqlConnection, WhatCannotBeHonouredIsNamed) {
  for (const std::string option :
       {"sslmode=on", "connect_timeout=x", "client_encoding=latin1", "replication=database",
        "target_session_attrs=standby", "prepare_threshold=0", "dsn=x", "charset=utf8",
        "keepalives=2", "nonsense=1", "sslmode=require&sslmode=require"}) {
    const std::string name = option.substr(0, option.find('='));
    EXPECT_THAT(refusal("postgresql://h/d?" + option),
                HasSubstr("The option '" + name + "' of a PostgreSQL database URI "))
        << option;
  }
}

}  // namespace
}  // namespace millrace::connection_options_test
