// One HTTP exchange as plain structs: what connection hands to dispatch and gets back. No HTTP library here.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

using Headers = std::vector<std::pair<std::string, std::string>>;

// ASCII case-insensitive comparison of header names.
bool header_name_equals(std::string_view a, std::string_view b);

// The body of a request, chunking undone.
class RequestBody {
 public:
  virtual ~RequestBody() = default;
  // Reads at most `size` bytes; 0 means the end. Throws Error when the client breaks off or its framing is wrong.
  virtual std::size_t read(char* buffer, std::size_t size) = 0;
};

struct HttpRequest {
  std::string method;   // as sent, case kept
  std::string target;   // raw request target, still percent-encoded
  Headers headers;      // names and values as sent, in order
  std::string peer;     // address of the client
  RequestBody* body = nullptr;

  // The first header of that name (any case), or nullptr.
  const std::string* header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  Headers headers;      // content-type included; content-length is added by the connection
  std::string body;
};

}  // namespace millrace
