#include "store/common/ids.h"

#include <sys/random.h>

#include <array>
#include <string_view>

#include "store/common/error.h"

namespace millrace {

std::string new_id() {
  std::array<unsigned char, 16> bytes{};
  // Up to 256 bytes come whole and without interruption once the generator is seeded.
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw Error(ErrorCode::InternalError, "The system gives no random numbers.");
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);  // the RFC's variant
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  id.reserve(2 * bytes.size());
  for (const unsigned char byte : bytes) {
    id += kDigits[byte >> 4];
    id += kDigits[byte & 0xf];
  }
  return id;
}

}  // namespace millrace
