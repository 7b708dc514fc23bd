#include "store/text/log_text.h"

namespace millrace {
namespace {

constexpr std::size_t kLongest = 200;
constexpr std::string_view kHex = "0123456789abcdef";

}  // namespace

std::string log_text(std::string_view text) {
  std::string line;
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      line += c;
    } else {
      line += "\\x";
      line += kHex[byte >> 4U];
      line += kHex[byte & 15U];
    }
  }
  if (text.size() > kLongest) line += "...";
  return line;
}

}  // namespace millrace
