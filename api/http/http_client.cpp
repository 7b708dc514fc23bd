#include "api/http/http_client.h"

#include <httplib.h>

#include <chrono>
#include <stdexcept>

#include "store/common/error.h"
#include "store/text/percent_decoding.h"
#include "store/text/uri.h"

namespace millrace {
namespace {

constexpr std::chrono::seconds kConnecting{10};
constexpr std::chrono::seconds kAnswering{120};  // as the stock client

std::unique_ptr<httplib::Client> open_client(const std::string& origin, const std::string& file) {
  try {
    auto client = file.empty() ? std::make_unique<httplib::Client>(origin)
                               : std::make_unique<httplib::Client>(origin, file, file);
    if (client->is_valid()) return client;
  } catch (const std::invalid_argument&) {  // a scheme that it does not know
  }
  throw_invalid_parameter("No connection can be made to '" + origin +
                          "': a URL such as http://127.0.0.1:5000 is expected" +
                          (file.empty() ? "." : ", and a readable client certificate."));
}

}  // namespace

HttpClient::HttpClient(const HttpTarget& target) {
  const UriParts parts = split_uri(target.url);
  if ((parts.scheme != "http" && parts.scheme != "https") || parts.host().empty()) {
    throw_invalid_parameter(
        "A server's URL is expected that begins with http:// or https:// and names a host.");
  }
  const std::size_t at = parts.netloc.rfind('@');
  const std::string place = at == std::string::npos ? parts.netloc : parts.netloc.substr(at + 1);
  const std::string origin = parts.scheme + "://" + place;
  base_path_ = parts.path.substr(0, parts.path.find_last_not_of('/') + 1);
  shown_url_ = origin + base_path_;
  client_ = open_client(origin, target.client_file);
  client_->set_keep_alive(true);
  client_->set_follow_location(false);
  client_->set_url_encode(false);
  client_->set_connection_timeout(kConnecting);
  client_->set_read_timeout(kAnswering);
  client_->set_write_timeout(kAnswering);
  client_->enable_server_certificate_verification(target.verify_certificate);
  if (!target.ca_file.empty()) client_->set_ca_cert_path(target.ca_file);
  std::string username = target.username;
  std::string password = target.password;
  if (at != std::string::npos) {
    const std::string user = parts.netloc.substr(0, at);
    const std::size_t colon = user.find(':');
    username = unquote(user.substr(0, colon));
    password = colon == std::string::npos ? "" : unquote(user.substr(colon + 1));
  }
  if (!username.empty() || !password.empty()) {
    client_->set_basic_auth(username, password);
  } else if (!target.token.empty()) {
    client_->set_bearer_token_auth(target.token);
  }
}

HttpClient::~HttpClient() = default;

// What the server says beside its status is passed over: it decides how much that is.
int HttpClient::status_of(const char* method, const std::string& path) {
  httplib::Request request;
  request.method = method;
  request.path = base_path_ + path;
  request.content_receiver = [](const char*, std::size_t, std::uint64_t, std::uint64_t) {
    return true;
  };
  httplib::Result answer = client_->send(request);
  // A connection that was kept may have been closed by the server at that moment.
  if (!answer) answer = client_->send(request);
  if (answer) return answer->status;
  throw Error(ErrorCode::TemporarilyUnavailable, "The server " + shown_url_ + " does not answer (" +
                                                     httplib::to_string(answer.error()) + ").");
}

int HttpClient::get(const std::string& path) { return status_of("GET", path); }

int HttpClient::remove(const std::string& path) { return status_of("DELETE", path); }

}  // namespace millrace
