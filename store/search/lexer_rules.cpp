#include "store/search/lexer_rules.h"

#include "store/text/python_text.h"

namespace millrace::search::rules {
namespace {

std::size_t skip_digits(std::string_view text, std::size_t position) {
  while (position < text.size() && is_digit(code_point_at(text, position))) {
    position = after(text, position);
  }
  return position;
}

std::size_t skip_sign(std::string_view text, std::size_t position) {
  return position < text.size() && text[position] == '-' ? position + 1 : position;
}

bool has(std::string_view text, std::size_t position, std::string_view part) {
  return text.substr(position, part.size()) == part;
}

bool has_letter(std::string_view text, std::size_t position, char lower) {
  return position < text.size() && (text[position] | 0x20) == lower;
}

// The `s` of %s, for which Python also takes the long s.
std::size_t after_letter_s(std::string_view text, std::size_t position) {
  if (has_letter(text, position, 's')) return position + 1;
  return code_point_at(text, position) == 0x017F ? after(text, position) : 0;
}

// Whether a number may not end before this character: (?![_A-ZÀ-Ü]) of the patterns.
bool forbids_number_end(std::string_view text, std::size_t position) {
  const char32_t next = code_point_at(text, position);
  return next == U'_' || starts_word(next);
}

// The end of the longest prefix of the digits from `first` to `last` that a number may end at, as
// the pattern's backtracking finds it: giving back a single digit always suffices.
std::size_t number_end(std::string_view text, std::size_t first, std::size_t last) {
  if (!forbids_number_end(text, last)) return last;
  std::size_t before_last = first;
  for (std::size_t position = first; position < last; position = after(text, position)) {
    before_last = position;
  }
  return before_last;
}

}  // namespace

std::size_t line_comment(std::string_view text, std::size_t position) {
  if (!has(text, position, "--") && !has(text, position, "# ")) return 0;
  const std::size_t end = text.find_first_of("\r\n", position + 2);
  return end == std::string_view::npos ? text.size() : new_line(text, end);
}

std::size_t new_line(std::string_view text, std::size_t position) {
  if (has(text, position, "\r\n")) return position + 2;
  return has(text, position, "\r") || has(text, position, "\n") ? position + 1 : 0;
}

std::size_t quoted_name(std::string_view text, std::size_t position) {
  const std::string_view acute = "\u00B4";
  const std::string_view quote = has(text, position, acute) ? acute : "`";
  if (!has(text, position, quote)) return 0;
  // A doubled quote belongs to the name, unless no single one is left to end it.
  std::size_t fallback = 0;
  for (std::size_t from = position + quote.size();;) {
    const std::size_t found = text.find(quote, from);
    if (found == std::string_view::npos) return fallback;
    if (!has(text, found + quote.size(), quote)) return found + quote.size();
    fallback = found + quote.size();
    from = found + 2 * quote.size();
  }
}

std::size_t placeholder(std::string_view text, std::size_t position) {
  const char first = text[position];
  if (first == '?') return position + 1;
  if (first == '%') {
    if (has(text, position + 1, "(")) {
      const std::size_t end = skip_word(text, position + 2);
      if (end > position + 2 && has(text, end, ")")) {
        if (const std::size_t closed = after_letter_s(text, end + 1)) return closed;
      }
    }
    return after_letter_s(text, position + 1);
  }
  if (first != '$' && first != ':') return 0;
  if (python::is_word(code_point_before(text, position))) return 0;
  const std::size_t end = skip_word(text, position + 1);
  return end > position + 1 ? end : 0;
}

std::size_t command(std::string_view text, std::size_t position) {
  if (text[position] != '\\') return 0;
  const std::size_t end = skip_word(text, position + 1);
  return end > position + 1 ? end : 0;
}

std::size_t marked_name(std::string_view text, std::size_t position) {
  std::size_t letter = 0;
  if (has(text, position, "##")) {
    letter = position + 2;
  } else if (text[position] == '@' || text[position] == '#') {
    letter = position + 1;
  } else {
    return 0;
  }
  if (!starts_word(code_point_at(text, letter))) return 0;
  const std::size_t rest = after(text, letter);
  const std::size_t end = skip_word(text, rest);
  return end > rest ? end : 0;
}

std::size_t plain_name(std::string_view text, std::size_t position) {
  // The first character need not be a word's: the class has the multiplication sign.
  if (!starts_word(code_point_at(text, position))) return 0;
  const std::size_t end = skip_word(text, after(text, position));
  if (code_point_before(text, position) == U'.' || has(text, end, "(")) return end;
  const std::size_t dot = skip_spaces(text, end);
  return has(text, dot, ".") && !is_digit(code_point_at(text, dot + 1)) ? end : 0;
}

std::size_t hexadecimal(std::string_view text, std::size_t position) {
  position = skip_sign(text, position);
  if (!has(text, position, "0") || !has_letter(text, position + 1, 'x')) return 0;
  const std::size_t first = position + 2;
  std::size_t end = first;
  for (;;) {
    const char32_t c = code_point_at(text, end);
    if (!is_digit(c) && !(c >= U'A' && c <= U'F') && !(c >= U'a' && c <= U'f')) break;
    end = after(text, end);
  }
  return end > first ? end : 0;
}

std::size_t floating_point(std::string_view text, std::size_t position) {
  const std::size_t first = skip_sign(text, position);
  const std::size_t whole = skip_digits(text, first);
  const bool has_dot = has(text, whole, ".");
  const std::size_t fraction = has_dot ? skip_digits(text, whole + 1) : whole;
  // -?\d+(\.\d+)?E-?\d+
  if (whole > first && (!has_dot || fraction > whole + 1) && has_letter(text, fraction, 'e')) {
    const std::size_t exponent = skip_sign(text, fraction + 1);
    const std::size_t end = skip_digits(text, exponent);
    if (end > exponent) return end;
  }
  if (!has_dot) return 0;
  const std::size_t end = number_end(text, whole + 1, fraction);
  // \d+(\.\d*) may end right behind the dot, \.\d+ may not.
  if (whole > first) return end > whole + 1 || !forbids_number_end(text, end) ? end : 0;
  return end > whole + 1 ? end : 0;
}

std::size_t integer(std::string_view text, std::size_t position) {
  const std::size_t first = skip_sign(text, position);
  const std::size_t end = number_end(text, first, skip_digits(text, first));
  return end > first ? end : 0;
}

std::size_t quoted_string(std::string_view text, std::size_t position, char quote) {
  if (text[position] != quote) return 0;
  // A doubled quote or one behind a backslash belongs to the string, unless no other ends it.
  const char stops[] = {quote, '\\', '\0'};
  std::size_t fallback = 0;
  for (std::size_t from = position + 1;;) {
    const std::size_t found = text.find_first_of(stops, from);
    if (found == std::string_view::npos) return fallback;
    const bool pair = found + 1 < text.size() && text[found + 1] == quote;
    if (text[found] == quote) {
      if (!pair) return found + 1;
      fallback = found + 1;
    } else if (pair) {
      fallback = found + 2;
    }
    from = found + (pair ? 2 : 1);
  }
}

std::size_t bracketed_name(std::string_view text, std::size_t position) {
  if (text[position] != '[') return 0;
  const char32_t before = code_point_before(text, position);
  if (before == U']' || before == U')' || python::is_word(before)) return 0;
  const std::size_t end = text.find_first_of("[]", position + 1);
  if (end == std::string_view::npos || text[end] == '[' || end == position + 1) return 0;
  return end + 1;
}

std::size_t go_count(std::string_view text, std::size_t position) {
  if (!has_letter(text, position, 'g') || !has_letter(text, position + 1, 'o')) return 0;
  if (!is_space(code_point_at(text, position + 2))) return 0;
  const std::size_t first = after(text, position + 2);
  const std::size_t end = skip_digits(text, first);
  return end > first && !python::is_word(code_point_at(text, end)) ? end : 0;
}

std::size_t time_zone_cast(std::string_view text, std::size_t position) {
  std::size_t zone = phrase(text, position, "AT TIME ZONE");
  if (zone == 0) zone = phrase(text, position, "WITH' TIME ZONE");
  if (zone == 0) return 0;
  const std::size_t quote = skip_spaces(text, zone);
  if (quote == zone || !has(text, quote, "'")) return 0;
  const std::size_t end = text.find('\'', quote + 1);
  return end == std::string_view::npos || end == quote + 1 ? 0 : end + 1;
}

std::size_t word(std::string_view text, std::size_t position) {
  if (!python::is_word(code_point_at(text, position))) return 0;
  for (;;) {
    position = skip_word(text, position);
    if (!has(text, position, "$") && !has(text, position, "#")) return position;
    ++position;
  }
}

std::size_t json_operator(std::string_view text, std::size_t position) {
  for (const std::string_view op : {"->>", "->", "#>>", "#>", "@>", "<@", "-", "#-"}) {
    if (has(text, position, op)) return position + op.size();
  }
  return 0;
}

std::size_t run_of(std::string_view text, std::size_t position, std::string_view set) {
  const std::size_t end = text.find_first_not_of(set, position);
  if (end == position) return 0;
  return end == std::string_view::npos ? text.size() : end;
}

}  // namespace millrace::search::rules
