#include "store/tracking/stored_json.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

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

// The version, if the entry is exactly one of that name. Python finds 1 and 1.0 equal.
std::optional<std::int64_t> version_in(const nlohmann::json& entry, const std::string& name) {
  if (!entry.is_object() || entry.size() != 2) return std::nullopt;
  const auto its_name = entry.find("name");
  const auto version = entry.find("version");
  if (its_name == entry.end() || version == entry.end() || *its_name != name) return std::nullopt;
  if (version->is_number_integer()) return version->get<std::int64_t>();
  if (!version->is_number_float()) return std::nullopt;
  const double number = version->get<double>();
  constexpr double exact = 9007199254740992;  // 2^53
  if (std::trunc(number) != number || std::abs(number) > exact) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

}  // namespace

ModelVersionList::ModelVersionList(std::string model_id, std::string text, std::string name)
    : model_id_(std::move(model_id)), text_(std::move(text)), name_(std::move(name)) {
  if (text_.empty()) return;
  const auto list = nlohmann::json::parse(text_, nullptr, false);
  if (!list.is_array()) {
    throw_invalid_parameter("The tag '" + std::string(kModelVersionsTag) +
                            "' of the logged model '" + model_id_ + "' is not a JSON list.");
  }
  is_empty_ = list.empty();
  for (const auto& entry : list) {
    if (const auto version = version_in(entry, name_)) versions_.insert(*version);
  }
}

std::string ModelVersionList::with(std::int64_t version) const {
  const std::string entry =
      "{\"name\": " + quoted(name_) + ", \"version\": " + std::to_string(version) + "}";
  if (is_empty_ || versions_.contains(version)) return "[" + entry + "]";
  return text_.substr(0, text_.rfind(']')) + ", " + entry + "]";
}

}  // namespace millrace::tracking
