// What Python 3.11's str (Unicode 14) knows about code points, as tables that
// scripts/generate_unicode_tables.py reads off the interpreter itself. Not utf8proc: its Unicode
// version differs from Python's, and \w, isprintable and the final sigma rule are Python's own.
#pragma once

#include <cstdint>
#include <span>

namespace millrace::python::tables {

// A set of code points as the sorted points at which membership changes, from "not a member" on.
using Set = std::span<const char32_t>;
bool contains(Set set, char32_t code_point);

extern const Set word;            // re's \w
extern const Set printable;       // str.isprintable
extern const Set space;           // str.isspace
extern const Set cased;           // final sigma rule; without the case-ignorable ones
extern const Set case_ignorable;  // final sigma rule

// The zeros of all decimal digit rows; their one to nine follow each.
extern const std::span<const char32_t> decimal_zeros;

// Every step-th code point from first to last is lowered by adding delta. Sorted, disjoint;
// U+0130, the one whose lower case is longer, is not in it.
struct LowerRange {
  char32_t first;
  char32_t last;
  std::uint32_t step;
  std::int32_t delta;
};
extern const std::span<const LowerRange> lower_ranges;

}  // namespace millrace::python::tables
