#include "api/rest/download.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace millrace::download_test {
namespace {

class MemoryFile : public ArtifactFile {
 public:
  explicit MemoryFile(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  std::int64_t modified_ns() const override { return 784'903'526'500'000'000; }
  std::string location() const override { return "/folder/a.txt"; }
  std::size_t read(std::uint64_t offset, char* buffer, std::size_t size) override {
    return text_.copy(buffer, std::min<std::size_t>(size, 3), offset);  // in small pieces
  }

 private:
  std::string text_;
};

HttpRequest with(Headers headers) {
  HttpRequest http;
  http.method = "GET";
  http.headers = std::move(headers);
  return http;
}

std::string sent(HttpResponse& response) {
  if (response.source == nullptr) return response.body;
  std::string text;
  std::array<char, 7> buffer;
  while (const std::size_t count = response.source->read(buffer.data(), buffer.size()))
    text.append(buffer.data(), count);
  EXPECT_EQ(text.size(), response.source->size());
  return text;
}

HttpResponse native(Headers headers = {}, const std::string& text = "0123456789") {
  return native_download(with(std::move(headers)),
                         {std::make_unique<MemoryFile>(text), "a.txt", "text/plain"});
}

HttpResponse classic(Headers headers = {}, const std::string& text = "0123456789") {
  return classic_download(with(std::move(headers)),
                          {std::make_unique<MemoryFile>(text), "a.txt", "text/plain"});
}

std::string header(const HttpResponse& response, std::string_view name) {
  const std::string* found = find_header(response.headers, name);
  return found == nullptr ? "<none>" : *found;
}

TEST(Download, WholeFile) {
  for (auto response : {&native, &classic}) {
    HttpResponse whole = response({}, "0123456789");
    EXPECT_EQ(whole.status, 200);
    EXPECT_EQ(header(whole, "content-type"), "text/plain");
    EXPECT_EQ(header(whole, "content-disposition"), "attachment; filename=a.txt");
    EXPECT_EQ(header(whole, "last-modified"), "Tue, 15 Nov 1994 12:45:26 GMT");
    EXPECT_EQ(sent(whole), "0123456789");
    HttpResponse empty = response({}, "");
    EXPECT_EQ(empty.status, 200);
    EXPECT_EQ(sent(empty), "");
  }
}

TEST(Download, OneRange) {
  for (auto response : {&native, &classic}) {
    HttpResponse part = response({{"range", "bytes=2-5"}}, "0123456789");
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(header(part, "content-range"), "bytes 2-5/10");
    EXPECT_EQ(sent(part), "2345");
    EXPECT_EQ(response({{"range", "bytes=10-"}}, "0123456789").status, 416);
  }
}

TEST(Download, SeveralRangesAreParts) {
  HttpResponse response = native({{"range", "bytes=0-1,8-"}});
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(header(response, "content-range"), "<none>");
  const std::string type = header(response, "content-type");
  const std::string boundary = type.substr(type.find('=') + 1);
  EXPECT_EQ(boundary.size(), 26u);
  EXPECT_EQ(sent(response), "--" + boundary +
                                "\r\nContent-Type: text/plain\r\n"
                                "Content-Range: bytes 0-1/10\r\n\r\n01\r\n--" +
                                boundary +
                                "\r\nContent-Type: text/plain\r\n"
                                "Content-Range: bytes 8-9/10\r\n\r\n89\r\n--" +
                                boundary + "--");
}

TEST(Download, OnlyTheClassicLayerKnowsConditions) {
  EXPECT_EQ(native({{"if-none-match", "*"}}).status, 200);
  EXPECT_EQ(classic({{"if-none-match", "*"}}).status, 304);
  HttpResponse failed = classic({{"if-match", "\"x\""}});
  EXPECT_EQ(failed.status, 412);
  EXPECT_EQ(sent(failed), "0123456789");
}

TEST(Download, EtagsAreMlflowsForms) {
  // md5("784903526.5-10")
  EXPECT_EQ(header(native(), "etag"), "\"763f640bb075e4deed1abc9887f74430\"");
  EXPECT_EQ(header(classic(), "etag").substr(0, 16), "\"784903526.5-10-");
  EXPECT_EQ(classic({{"if-none-match", header(classic(), "etag")}}).status, 304);
}

TEST(Download, NamesOfFiles) {
  EXPECT_EQ(content_disposition("a b.txt"), "attachment; filename=\"a b.txt\"");
  EXPECT_EQ(content_disposition("a\"b\\.txt"), "attachment; filename=\"a\\\"b\\\\.txt\"");
  EXPECT_EQ(content_disposition("sp ac\u00e9.png"),
            "attachment; filename=\"sp ace.png\"; filename*=UTF-8''sp%20ac%C3%A9.png");
  EXPECT_EQ(content_disposition("\u65e5"),
            "attachment; filename=download; filename*=UTF-8''%E6%97%A5");
}

}  // namespace
}  // namespace millrace::download_test
