// The body of a reply that may grow large: text up to 1 MiB, beyond that a file without a name, so
// that neither memory nor a transaction waits for a slow reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/exchange.h"

namespace millrace {

inline constexpr std::size_t kSpillAfter = std::size_t{1} << 20U;  // bytes

// $TMPDIR, or /tmp.
std::string temporary_folder();

// Makes a file there that goes at once. Throws INTERNAL_ERROR with the folder and the reason where
// that fails.
void try_temporary_file();

class Spill {
 public:
  Spill() = default;
  ~Spill();
  Spill(const Spill&) = delete;
  Spill& operator=(const Spill&) = delete;

  // The text to append to. Call roll() now and then: it moves a text beyond the limit to the file.
  std::string& text() { return text_; }
  void roll() {
    if (text_.size() >= kSpillAfter) write_out();
  }

  // The reply 200 with everything appended; the spill is empty afterwards.
  HttpResponse reply(std::string_view content_type);

 private:
  // Throws INTERNAL_ERROR when the folder for temporary files has no room.
  void write_out();

  std::string text_;
  int file_ = -1;
  std::uint64_t written_ = 0;
};

}  // namespace millrace
