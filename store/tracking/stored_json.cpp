#include "store/tracking/stored_json.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "store/common/error.h"
#include "store/text/python_text.h"

namespace millrace::tracking {
namespace {

void append_escape(std::string& out, unsigned unit) {
  std::array<char, 7> text{};
  std::snprintf(text.data(), text.size(), "\\u%04x", unit & 0xFFFFU);
  out += text.data();
}

// As json.dumps writes a text: ASCII, control characters other than \b \f \n \r \t as \uXXXX.
std::string quoted(const std::string& text) {
  static constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
  static constexpr std::string_view kLetters = "\"\\bfnrt";
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const char32_t point = python::next_code_point(text, at);
    const auto found =
        point < 0x80 ? kShort.find(static_cast<char>(point)) : std::string_view::npos;
    if (found != std::string_view::npos) {
      out += '\\';
      out += kLetters[found];
    } else if (point >= 0x20 && point < 0x80) {
      out += static_cast<char>(point);
    } else if (point < 0x10000) {
      append_escape(out, static_cast<unsigned>(point));
    } else {
      append_escape(out, 0xD800U + static_cast<unsigned>((point - 0x10000) >> 10));
      append_escape(out, 0xDC00U + static_cast<unsigned>((point - 0x10000) & 0x3FF));
    }
  }
  return out + '"';
}

}  // namespace

struct ModelVersionList::Entries {
  nlohmann::json list;
};

ModelVersionList::ModelVersionList(std::string text)
    : text_(std::move(text)),
      entries_(std::make_unique<const Entries>(
          Entries{text_.empty() ? nlohmann::json::array()
                                : nlohmann::json::parse(text_, nullptr, false)})) {
  if (entries_->list.is_array()) return;
  throw_invalid_parameter("The tag '" + std::string(kModelVersionsTag) +
                          "' of the logged model is not a JSON list.");
}
ModelVersionList::ModelVersionList(ModelVersionList&&) noexcept = default;
ModelVersionList::~ModelVersionList() = default;

std::string ModelVersionList::with(const std::string& name, std::int64_t version) const {
  const std::string entry =
      "{\"name\": " + quoted(name) + ", \"version\": " + std::to_string(version) + "}";
  const nlohmann::json& list = entries_->list;
  const auto added = nlohmann::json::parse(entry);
  if (list.empty() || std::find(list.begin(), list.end(), added) != list.end()) {
    return "[" + entry + "]";
  }
  return text_.substr(0, text_.rfind(']')) + ", " + entry + "]";
}

}  // namespace millrace::tracking
