// Outgoing HTTP: short requests to one server, one after the other on one connection.
#pragma once

#include <memory>
#include <string>

namespace httplib {
class Client;
}

namespace millrace {

struct HttpTarget {
  // http:// or https://, host, port, and the path that every request's begins with. A user and a
  // password before the host count as those below.
  std::string url;
  std::string username, password;  // basic authentication, if one of them is given
  std::string token;               // bearer, if they are not
  bool verify_certificate = true;
  std::string ca_file;      // PEM; empty: those of the system
  std::string client_file;  // PEM with certificate and key; empty: none
};

class HttpClient {
 public:
  // Connects with the first request. Throws INVALID_PARAMETER_VALUE for another kind of URL.
  explicit HttpClient(const HttpTarget& target);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Send a request for a path that is percent-encoded already, and return the status of the answer.
  // Redirections are not followed, so that no password goes to another host. One that breaks off is
  // sent once more. Throw TEMPORARILY_UNAVAILABLE, naming the server, when no answer comes.
  int get(const std::string& path);
  int remove(const std::string& path);

  // The URL without user and password, for messages.
  const std::string& shown_url() const { return shown_url_; }

 private:
  int status_of(const char* method, const std::string& path);

  std::string shown_url_;
  std::string base_path_;
  std::unique_ptr<httplib::Client> client_;
};

}  // namespace millrace
