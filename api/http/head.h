// Reads the head of a request: request line, header fields, and what they say about the body. Pure,
// no input or output. Accepts what h11 (the parser under uvicorn) accepts, except where leniency
// invites request smuggling: a bare LF as line end, a folded header, Content-Length together with
// Transfer-Encoding. Those are refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/exchange.h"

namespace millrace {

struct RequestHead {
  std::string method;
  std::string target;
  Headers headers;  // equal Content-Lengths are merged into one
  bool chunked = false;
  std::uint64_t content_length = 0;  // 0 when chunked or not given
  bool http11 = true;                // or later: the client understands chunks
  bool keep_alive = true;            // false for HTTP/1.0 and `Connection: close`
  bool expects_continue = false;
};

// The length of the head at the start of `buffer`, its blank line included; npos when it is not
// complete. `searched` is where the search goes on when more bytes have come: start with 0, so that
// the whole is linear.
std::size_t find_head_end(std::string_view buffer, std::size_t& searched);

// True when no continuation can make a request of it, for instance a TLS hello: refuse without
// waiting for more.
bool is_hopeless_head(std::string_view buffer);

// Parses one head as delimited by find_head_end. Nothing: answer 400 and close. At most
// `max_headers` fields.
std::optional<RequestHead> parse_head(std::string_view head, std::size_t max_headers);

// True for a `name: value` line (without its CRLF) that may stand in a head or a trailer.
bool is_header_line(std::string_view line);

}  // namespace millrace
