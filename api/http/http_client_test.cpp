#include "api/http/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <vector>

#include "api/http/server_test_client.h"
#include "store/common/error.h"

namespace millrace::http_client_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Keeps what it was asked, and answers with the status that the path ends with.
class HttpClientTest : public testing::Test {
 protected:
  HttpTarget target(const std::string& user = "", const std::string& path = "") {
    HttpTarget result;
    result.url = "http://" + user + "127.0.0.1:" + std::to_string(running_.port()) + path;
    return result;
  }
  HttpResponse answer(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(request.method + " " + request.target);
    const std::string* authorization = request.header("Authorization");
    authorizations_.push_back(authorization == nullptr ? "none" : *authorization);
    const int status = std::stoi(request.target.substr(request.target.rfind('/') + 1));
    HttpResponse response = text_reply(status, "text/plain", "");
    if (status == 302) response.headers.emplace_back("Location", "http://127.0.0.1:1/");
    return response;
  }

  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  std::vector<std::string> authorizations() {
    const std::lock_guard lock(mutex_);
    return authorizations_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> asked_, authorizations_;
  server_test::RunningServer running_{[this](HttpRequest& request) { return answer(request); }};
};

TEST_F(HttpClientTest, AsksBelowTheUrlsPath) {
  HttpClient client(target("", "/prefix/"));
  EXPECT_EQ(client.get("/a%20b/200"), 200);
  EXPECT_EQ(client.remove("/x/404"), 404);
  EXPECT_EQ(client.remove("/x/302"), 302);
  EXPECT_THAT(asked(),
              ElementsAre("GET /prefix/a%20b/200", "DELETE /prefix/x/404", "DELETE /prefix/x/302"));
  EXPECT_THAT(authorizations(), ElementsAre("none", "none", "none"));
}

TEST_F(HttpClientTest, TellsWhoAsks) {
  HttpTarget known = target();
  known.token = "t";
  HttpClient(known).get("/200");
  known.username = "u";
  known.password = "p";
  HttpClient(known).get("/200");
  HttpClient in_url(target("a%40b:c@"));
  in_url.get("/200");
  EXPECT_THAT(authorizations(), ElementsAre("Bearer t", "Basic dTpw", "Basic YUBiOmM="));
  EXPECT_THAT(in_url.shown_url(), Not(HasSubstr("@")));
}

TEST_F(HttpClientTest, AnythingElseIsRefused) {
  for (const char* url : {"", "sqlite:///x.db", "http://", "ftp://h", "databricks"}) {
    HttpTarget bad;
    bad.url = url;
    EXPECT_THROW(HttpClient{bad}, Error) << url;
  }
  HttpTarget nobody;
  nobody.url = "http://u:secret@127.0.0.1:1";
  try {
    HttpClient(nobody).get("/200");
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::TemporarilyUnavailable);
    EXPECT_THAT(error.message(), HasSubstr("http://127.0.0.1:1 does not answer"));
    EXPECT_THAT(error.message(), Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace millrace::http_client_test
