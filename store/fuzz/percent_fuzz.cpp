// Takes any bytes as a percent-encoded text: decoding all rounds at once is the same as one round
// after another, and what is encoded is decoded to what it was.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "store/fuzz/fuzzing.h"
#include "store/text/percent_decoding.h"

namespace {

using namespace millrace;

std::string round_by_round(std::string text, Plus plus) {
  for (;;) {
    std::string next = text;
    if (plus == Plus::IsSpace) std::replace(next.begin(), next.end(), '+', ' ');
    next = unquote(next);
    if (next == text) return text;
    text = std::move(next);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using fuzzing::require;
  // The rounds take quadratic time.
  const std::string text(fuzzing::text_of(data, std::min<std::size_t>(size, 512)));
  require(unquote_fully(text, Plus::Kept) == round_by_round(text, Plus::Kept));
  require(unquote_fully(text, Plus::IsSpace) == round_by_round(text, Plus::IsSpace));
  const std::string once = unquote(text);
  const bool ascii = std::all_of(once.begin(), once.end(), [](signed char c) { return c >= 0; });
  if (ascii) require(unquote(quote(once, "")) == once);
  return 0;
}
