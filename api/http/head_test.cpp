#include "api/http/head.h"

#include <gtest/gtest.h>

namespace millrace::head_test {
namespace {

std::optional<RequestHead> parse(const std::string& head) {
  std::size_t searched = 0;
  if (find_head_end(head, searched) != head.size()) return std::nullopt;
  return parse_head(head, 1000);
}

std::string with_line(const std::string& line) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + line + "\r\n\r\n";
}

TEST(HttpHead, KeepsEverythingAsSent) {
  auto head = parse("geT /a%20b?c=%2F?d HTTP/1.1\r\nhOst: h:1\r\nX:  a \t b\t\r\nx:\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->method, "geT");
  EXPECT_EQ(head->target, "/a%20b?c=%2F?d");
  EXPECT_EQ(head->headers, (Headers{{"hOst", "h:1"}, {"X", "a \t b"}, {"x", ""}}));
  EXPECT_TRUE(head->keep_alive);
  EXPECT_TRUE(head->http11);
  EXPECT_FALSE(head->chunked);
  EXPECT_FALSE(head->expects_continue);
  EXPECT_EQ(head->content_length, 0u);
}

TEST(HttpHead, AcceptsEveryFormOfTarget) {
  for (const char* target : {"/", "*", "http://h/x", "h:443", "no/slash", "/a#b", "/\"<>\\^`{|}"}) {
    auto head = parse(std::string("BREW ") + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(head) << target;
    EXPECT_EQ(head->target, target);
  }
}

TEST(HttpHead, RefusesBrokenRequestLines) {
  for (const char* line :
       {"GET /", "GET", "", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1",
        "GET / HTTP/11", "GET / http/1.1", "GET / HTTP/1.10", "GET / HTTP/a.1", "G(T / HTTP/1.1",
        "GET /\tx HTTP/1.1", "GET /\xc3\xa9 HTTP/1.1", "GET /\x7f HTTP/1.1", "GET / x HTTP/1.1",
        "\x16\x03\x01"}) {
    EXPECT_FALSE(parse(std::string(line) + "\r\nHost: h\r\n\r\n")) << line;
  }
}

TEST(HttpHead, VersionDecidesKeepAliveAndHost) {
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\n\r\n"));
  auto old = parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(old);
  EXPECT_FALSE(old->keep_alive);
  EXPECT_FALSE(old->http11);
  EXPECT_FALSE(old->expects_continue);
  auto next = parse("PRI * HTTP/2.0\r\n\r\n");
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->keep_alive);
}

TEST(HttpHead, RefusesBrokenHeaderLines) {
  for (const std::string& line :
       {std::string("X : a"), std::string(": a"), std::string("abc"), std::string(" folded"),
        std::string("\tfolded"), std::string("X: a\r\n b"), std::string("X: a\rb"),
        std::string("X: a\r"), std::string("X: a\nY: b"), std::string("X: a\0b", 6),
        std::string("X: a\vb"), std::string("X\0: a", 5), std::string("X\xc3\xa9: a"),
        std::string("Host: again")}) {
    EXPECT_FALSE(parse(with_line(line))) << line;
  }
  EXPECT_FALSE(parse("GET / HTTP/1.1\nHost: h\n\n"));
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: h\n\r\n"));
}

TEST(HttpHead, AcceptsOddValues) {
  for (const char* line : {"X: \xc3\xa9", "X: a\x01", "X:a:b", "!#$%&'*+-.^_`|~9: x", "X: \x7f"}) {
    EXPECT_TRUE(parse(with_line(line))) << line;
  }
}

TEST(HttpHead, ContentLength) {
  auto length = [](const std::string& lines) -> std::int64_t {
    auto head = parse(with_line(lines));
    return head ? static_cast<std::int64_t>(head->content_length) : -1;
  };
  EXPECT_EQ(length("Content-Length: 12"), 12);
  EXPECT_EQ(length("Content-Length: 007"), 7);
  EXPECT_EQ(length("Content-Length: 5, 5"), 5);
  EXPECT_EQ(length("Content-Length: 5\r\ncontent-length: 5"), 5);
  EXPECT_EQ(length("Content-Length: 9223372036854775807"), INT64_MAX);
  for (const char* bad : {"2x", "+2", "-2", "", " ", "0x2", "2 2", "2,", ",2", "5, 6", "5, 05",
                          "1e3", "99999999999999999999", "2\r\nContent-Length: 3"}) {
    EXPECT_EQ(length(std::string("Content-Length: ") + bad), -1) << bad;
  }
  auto merged = parse(with_line("Content-Length: 5, 5\r\nContent-Length: 5"));
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->headers, (Headers{{"Host", "h"}, {"Content-Length", "5"}}));
}

TEST(HttpHead, TransferEncoding) {
  auto head = parse(with_line("Transfer-Encoding: ChunkeD"));
  ASSERT_TRUE(head);
  EXPECT_TRUE(head->chunked);
  for (const char* bad : {"gzip", "identity", "", "chunked, chunked", "gzip, chunked",
                          "chunked;a=b", "chunked\r\nTransfer-Encoding: chunked",
                          "chunked\r\nContent-Length: 2", "chunked\r\nContent-Length: 0"}) {
    EXPECT_FALSE(parse(with_line(std::string("Transfer-Encoding: ") + bad))) << bad;
  }
  EXPECT_FALSE(parse(with_line("Content-Length: 2\r\nTransfer-Encoding: chunked")));
}

TEST(HttpHead, ConnectionAndExpect) {
  EXPECT_FALSE(parse(with_line("Connection: keep-alive, Close"))->keep_alive);
  EXPECT_FALSE(parse(with_line("Connection: x\r\nConnection: close"))->keep_alive);
  EXPECT_TRUE(parse(with_line("Connection: closed"))->keep_alive);
  EXPECT_TRUE(parse(with_line("Expect: 100-Continue"))->expects_continue);
  EXPECT_FALSE(parse(with_line("Expect: 200-ok"))->expects_continue);
}

TEST(HttpHead, BoundsTheNumberOfHeaders) {
  std::string head = "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\n\r\n";
  EXPECT_TRUE(parse_head(head, 3));
  EXPECT_FALSE(parse_head(head, 2));
}

TEST(HttpHead, FindsTheEndHoweverTheBytesCome) {
  std::string stream = "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /next";
  std::size_t searched = 0;
  for (std::size_t size = 0; size < 27; ++size) {
    EXPECT_EQ(find_head_end(stream.substr(0, size), searched), std::string::npos) << size;
  }
  for (std::size_t size = 27; size <= stream.size(); ++size) {
    std::size_t resumed = searched;
    EXPECT_EQ(find_head_end(stream.substr(0, size), resumed), 27u) << size;
  }
}

TEST(HttpHead, HopelessFromTheFirstByte) {
  EXPECT_TRUE(is_hopeless_head("\x16\x03"));
  EXPECT_TRUE(is_hopeless_head("\r"));
  EXPECT_TRUE(is_hopeless_head(" GET"));
  EXPECT_FALSE(is_hopeless_head("G"));
  EXPECT_FALSE(is_hopeless_head(""));
}

}  // namespace
}  // namespace millrace::head_test
