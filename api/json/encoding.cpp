#include "api/json/encoding.h"

#include "store/text/python_text.h"

namespace millrace {

namespace {

using namespace std::string_view_literals;

enum class Order { Big, Little };

// Reads the unit of `size` bytes at `position`, which must be inside.
char32_t unit_at(std::string_view bytes, std::size_t position, std::size_t size, Order order) {
  char32_t unit = 0;
  for (std::size_t i = 0; i < size; ++i) {
    std::size_t from_high = order == Order::Big ? i : size - 1 - i;
    unit = unit << 8 | static_cast<unsigned char>(bytes[position + from_high]);
  }
  return unit;
}

bool decode_utf16(std::string_view bytes, Order order, std::string& text) {
  if (bytes.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    char32_t unit = unit_at(bytes, i, 2, order);
    if (unit >= 0xD800 && unit <= 0xDBFF && i + 2 < bytes.size()) {
      char32_t low = unit_at(bytes, i + 2, 2, order);
      if (low >= 0xDC00 && low <= 0xDFFF) {
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        i += 2;
      }
    }
    python::append_code_point(text, unit);
  }
  return true;
}

bool decode_utf32(std::string_view bytes, Order order, std::string& text) {
  if (bytes.size() % 4 != 0) return false;
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    char32_t unit = unit_at(bytes, i, 4, order);
    if (unit > 0x10FFFF) return false;
    python::append_code_point(text, unit);
  }
  return true;
}

struct Encoding {
  std::size_t unit;  // bytes
  Order order;
  std::size_t mark;  // bytes of the byte order mark
};

Encoding detect(std::string_view bytes) {
  if (bytes.starts_with("\x00\x00\xFE\xFF"sv)) return {4, Order::Big, 4};
  if (bytes.starts_with("\xFF\xFE\x00\x00"sv)) return {4, Order::Little, 4};
  if (bytes.starts_with("\xFE\xFF"sv)) return {2, Order::Big, 2};
  if (bytes.starts_with("\xFF\xFE"sv)) return {2, Order::Little, 2};
  if (bytes.starts_with("\xEF\xBB\xBF"sv)) return {1, Order::Big, 3};
  // No mark: a JSON text begins with ASCII, so that its zero bytes tell.
  auto zero = [&](std::size_t i) { return bytes[i] == '\0'; };
  if (bytes.size() >= 4) {
    if (zero(0)) return {zero(1) ? 4u : 2u, Order::Big, 0};
    if (zero(1)) return {zero(2) && zero(3) ? 4u : 2u, Order::Little, 0};
  } else if (bytes.size() == 2) {
    if (zero(0)) return {2, Order::Big, 0};
    if (zero(1)) return {2, Order::Little, 0};
  }
  return {1, Order::Big, 0};
}

}  // namespace

std::optional<std::string_view> decode_json_bytes(std::string_view bytes, std::string& buffer) {
  Encoding encoding = detect(bytes);
  bytes.remove_prefix(encoding.mark);
  if (encoding.unit == 1) return bytes;
  bool decoded = encoding.unit == 2 ? decode_utf16(bytes, encoding.order, buffer)
                                    : decode_utf32(bytes, encoding.order, buffer);
  if (!decoded) return std::nullopt;
  return buffer;
}

}  // namespace millrace
