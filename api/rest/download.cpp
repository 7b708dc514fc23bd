#include "api/rest/download.h"

#include <openssl/evp.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <vector>

#include "api/http/byte_ranges.h"
#include "api/http/etags.h"
#include "api/rest/reply.h"
#include "store/common/ids.h"
#include "store/text/percent_decoding.h"
#include "store/text/python_text.h"

namespace millrace {
namespace {

// RFC 5987's attr-char, but for letters and digits.
constexpr std::string_view kAttributeCharacters = "!#$&+-.^_`|~";

// A part of the answer: a text, or a stretch of the file.
struct Segment {
  std::string text;
  ByteRange range;

  std::uint64_t size() const { return text.empty() ? range.end - range.begin : text.size(); }
};

class SegmentsBody : public BodySource {
 public:
  SegmentsBody(std::unique_ptr<ArtifactFile> file, std::vector<Segment> segments)
      : file_(std::move(file)), segments_(std::move(segments)) {
    for (const Segment& segment : segments_) size_ += segment.size();
  }
  std::uint64_t size() const override { return size_; }
  std::size_t read(char* buffer, std::size_t size) override {
    while (current_ < segments_.size() && position_ == segments_[current_].size()) {
      ++current_;
      position_ = 0;
    }
    if (current_ == segments_.size()) return 0;
    const Segment& segment = segments_[current_];
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(size, segment.size() - position_));
    const std::size_t count = segment.text.empty()
                                  ? file_->read(segment.range.begin + position_, buffer, wanted)
                                  : segment.text.copy(buffer, wanted, position_);
    position_ += count;
    return count;
  }
  void unread(std::size_t size) override { position_ -= size; }

 private:
  std::unique_ptr<ArtifactFile> file_;
  std::vector<Segment> segments_;
  std::uint64_t size_ = 0;
  std::size_t current_ = 0;
  std::uint64_t position_ = 0;  // in the current segment
};

std::string md5_hex(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4U];
    hex += kDigits[digest[i] & 0xFU];
  }
  return hex;
}

// RFC 1950.
std::uint32_t adler32(std::string_view text) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const char c : text) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  return (b << 16U) | a;
}

// st_mtime as Python prints it.
std::string modified_text(const ArtifactFile& file) {
  const std::int64_t seconds = file.modified_ns() / 1'000'000'000;
  const std::int64_t rest = file.modified_ns() % 1'000'000'000;
  return python::float_repr(static_cast<double>(seconds) + 1e-9 * static_cast<double>(rest));
}

void set_header(HttpResponse& response, std::string_view name, std::string value) {
  for (auto& [key, old] : response.headers) {
    if (header_name_equals(key, name)) {
      old = std::move(value);
      return;
    }
  }
  response.headers.emplace_back(name, std::move(value));
}

std::string content_range(const ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.begin) + "-" + std::to_string(range.end - 1) + "/" +
         std::to_string(size);
}

void send_range(HttpResponse& response, std::unique_ptr<ArtifactFile> file,
                const ByteRange& range) {
  response.status = 206;
  set_header(response, "content-range", content_range(range, file->size()));
  response.source =
      std::make_unique<SegmentsBody>(std::move(file), std::vector<Segment>{{"", range}});
}

void send_ranges(HttpResponse& response, std::unique_ptr<ArtifactFile> file,
                 const std::vector<ByteRange>& ranges, std::string_view type) {
  const std::string boundary = new_id().substr(0, 26);
  std::vector<Segment> segments;
  for (const ByteRange& range : ranges) {
    segments.push_back({"--" + boundary + "\r\nContent-Type: " + std::string(type) +
                            "\r\nContent-Range: " + content_range(range, file->size()) + "\r\n\r\n",
                        {}});
    segments.push_back({"", range});
    segments.push_back({"\r\n", {}});
  }
  segments.push_back({"--" + boundary + "--", {}});
  response.status = 206;
  set_header(response, "content-type", "multipart/byteranges; boundary=" + boundary);
  response.source = std::make_unique<SegmentsBody>(std::move(file), std::move(segments));
}

void send_whole(HttpResponse& response, std::unique_ptr<ArtifactFile> file) {
  const std::uint64_t size = file->size();
  response.source =
      std::make_unique<SegmentsBody>(std::move(file), std::vector<Segment>{{"", {0, size}}});
}

// What of `name` is ASCII once marks and ligatures are taken apart (NFKD).
std::string ascii_form(std::string_view name) {
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(name.data()),
      static_cast<utf8proc_ssize_t>(name.size()), &mapped,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  std::string text;
  for (utf8proc_ssize_t i = 0; i < size; ++i) {
    if (mapped[i] < 0x80) text += static_cast<char>(mapped[i]);
  }
  return text.empty() ? "download" : text;
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// quote_header_value: as it is when all are token characters.
std::string quoted_header_value(std::string_view text) {
  const bool is_token = std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
  if (is_token && !text.empty()) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '\\' || c == '"') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

std::string content_disposition(std::string_view name) {
  const bool ascii = std::all_of(name.begin(), name.end(),
                                 [](char c) { return static_cast<signed char>(c) >= 0; });
  if (ascii) return "attachment; filename=" + quoted_header_value(name);
  return "attachment; filename=" + quoted_header_value(ascii_form(name)) + "; filename*=UTF-8''" +
         quote(name, kAttributeCharacters);
}

HttpResponse native_download(const HttpRequest& http, Download download) {
  const ArtifactFile& file = *download.file;
  const std::uint64_t size = file.size();
  const std::string type = download.type;
  const std::string modified = http_date(file.modified_ns() / 1'000'000'000);
  const std::string etag = "\"" + md5_hex(modified_text(file) + "-" + std::to_string(size)) + "\"";
  HttpResponse response;
  response.headers = {{"content-type", type},
                      {"content-disposition", content_disposition(download.name)},
                      {"x-content-type-options", "nosniff"},
                      {"accept-ranges", "bytes"},
                      {"last-modified", modified},
                      {"etag", etag}};
  const std::string* range = http.header("range");
  const std::string* if_range = http.header("if-range");
  if (range == nullptr || (if_range != nullptr && *if_range != modified && *if_range != etag)) {
    send_whole(response, std::move(download.file));
    return response;
  }
  const NativeRanges found = parse_native_ranges(*range, size);
  if (!found.malformed.empty())
    return text_reply(400, "text/plain; charset=utf-8", found.malformed);
  if (!found.satisfiable) {
    HttpResponse refused = text_reply(416, "text/plain; charset=utf-8", "");
    refused.headers.emplace_back("content-range", "bytes */" + std::to_string(size));
    return refused;
  }
  if (found.ranges.empty()) {
    send_whole(response, std::move(download.file));
  } else if (found.ranges.size() == 1) {
    send_range(response, std::move(download.file), found.ranges.front());
  } else {
    send_ranges(response, std::move(download.file), found.ranges, type);
  }
  return response;
}

HttpResponse classic_download(const HttpRequest& http, Download download) {
  const ArtifactFile& file = *download.file;
  const std::uint64_t size = file.size();
  const std::int64_t modified = file.modified_ns() / 1'000'000'000;
  const std::string etag = modified_text(file) + "-" + std::to_string(size) + "-" +
                           std::to_string(adler32(file.location()));
  HttpResponse response;
  response.headers = {{"content-type", download.type},
                      {"content-disposition", content_disposition(download.name)},
                      {"x-content-type-options", "nosniff"},
                      {"cache-control", "no-cache"},
                      {"etag", "\"" + etag + "\""},
                      {"last-modified", http_date(modified)},
                      {"accept-ranges", "bytes"}};
  const std::string* range = http.header("range");
  if (range != nullptr && size > 0 && allows_range(http, etag, modified)) {
    const auto found = parse_classic_range(*range, size);
    if (!found) {
      HttpResponse refused = html_error_reply(416);
      refused.headers.emplace_back("content-range", "bytes */" + std::to_string(size));
      return refused;
    }
    send_range(response, std::move(download.file), *found);
    return response;
  }
  if (is_unmodified(http, etag, modified)) {
    response.status = has_if_match(http) ? 412 : 304;
    if (response.status == 304) {
      std::erase_if(response.headers, [](const auto& header) {
        return header.first == "content-type" || header.first == "last-modified";
      });
      return response;
    }
  }
  send_whole(response, std::move(download.file));
  return response;
}

}  // namespace millrace
