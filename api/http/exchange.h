// The room api/http: bytes on sockets to requests and back: framing, limits, ranges, conditions,
// large replies. The only room that knows the HTTP library. May use store/common and store/text.
// Nothing of MLflow.
//
// One HTTP exchange as plain structs: what connection hands to dispatch and gets back. No HTTP
// library here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

using Headers = std::vector<std::pair<std::string, std::string>>;

// ASCII case-insensitive comparison of header names.
bool header_name_equals(std::string_view a, std::string_view b);

// The first header of that name (any case), or nullptr.
const std::string* find_header(const Headers& headers, std::string_view name);

// All headers of that name, joined by commas as WSGI joins them; empty when there is none.
std::string joined_headers(const Headers& headers, std::string_view name);

// The words of a status line, as Python's http.HTTPStatus has them; empty for a status that is not
// in use here.
std::string_view reason_phrase(int status);

// RFC 9110's date: "Sun, 06 Nov 1994 08:49:37 GMT". Seconds since the epoch.
std::string http_date(std::int64_t seconds);

// The body of a request, chunking undone.
class RequestBody {
 public:
  virtual ~RequestBody() = default;
  // Reads at most `size` bytes; 0 means the end. Throws Error when the client breaks off or its
  // framing is wrong.
  virtual std::size_t read(char* buffer, std::size_t size) = 0;
  // To be called for what the reader keeps in memory until the request is answered. Throws Error
  // (Overloaded) when all requests together keep too much.
  virtual void keep(std::size_t /*size*/) {}
};

// One that is a text, which outlives it.
class TextBody : public RequestBody {
 public:
  explicit TextBody(std::string_view text) : rest_(text) {}
  std::size_t read(char* buffer, std::size_t size) override {
    const std::size_t count = rest_.copy(buffer, size);
    rest_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view rest_;
};

struct HttpRequest {
  std::string method;  // as sent, case kept
  std::string
      target;  // raw request target, still percent-encoded: printable ASCII, any of its four forms
  Headers headers;   // names and values as sent, in order
  std::string peer;  // address of the client
  RequestBody* body = nullptr;
  // Whether the client has closed its side: nobody is there to take a reply. From any thread while
  // the request is handled; may be empty.
  std::function<bool()> client_has_gone = {};
  bool is_secure = false;  // came by TLS

  // The first header of that name (any case), or nullptr.
  const std::string* header(std::string_view name) const;
};

// A response body that memory should not hold.
class BodySource {
 public:
  virtual ~BodySource() = default;
  virtual std::uint64_t size() const = 0;  // bytes in all
  // Reads the next bytes, at most `size`; 0 means the end. Throws Error when it cannot.
  virtual std::size_t read(char* buffer, std::size_t size) = 0;
  // The last `size` bytes of the last reading were not sent, and are read again.
  virtual void unread(std::size_t size) = 0;
};

// The connection completes it: `date`, `content-length` (one given by the handler counts for HEAD
// and 304 only), `connection: close` where due. With `transfer-encoding: chunked` among the headers
// the body goes out chunked. The body is not sent in reply to HEAD, nor with 204 and 304. A header
// with a control character is a 500.
struct HttpResponse {
  int status = 200;
  Headers headers;  // content-type included
  std::string body;
  std::unique_ptr<BodySource> source = nullptr;  // sent instead of `body`
};

HttpResponse text_reply(int status, std::string_view content_type, std::string body);

}  // namespace millrace
