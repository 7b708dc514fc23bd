#!/usr/bin/env python3
"""Writes store/text/unicode_tables.cpp from the Python that runs it, which must be 3.11 (Unicode 14).

Everything is read off the behaviour of str, so that the tables say what Python does and not what a
version of the Unicode standard says. compat-tests/test_text_against_python.py compares the result
with Python for every code point.
"""

import pathlib
import sys
import unicodedata

TARGET = pathlib.Path(__file__).parent.parent / "store" / "text" / "unicode_tables.cpp"
CODE_POINTS = range(0x110000)


def inversion_list(is_member):
    """The code points at which membership changes, starting from 'not a member'."""
    changes, inside = [], False
    for code_point in CODE_POINTS:
        if is_member(chr(code_point)) != inside:
            changes.append(code_point)
            inside = not inside
    return changes


def ends_word_after(text):
    return (text + "\N{GREEK CAPITAL LETTER SIGMA}").lower().endswith(
        "\N{GREEK SMALL LETTER FINAL SIGMA}"
    )


def cased(char):
    """Cased for the final sigma rule, in which case-ignorable wins over cased."""
    return ends_word_after(char)


def case_ignorable(char):
    return ends_word_after("A" + char) and not cased(char)


def lower_ranges():
    """Runs (first, last, step, delta) in which every step-th code point is lowered by adding delta."""
    ranges = []
    for code_point in CODE_POINTS:
        lowered = chr(code_point).lower()
        if lowered == chr(code_point) or len(lowered) > 1:
            continue
        delta = ord(lowered) - code_point
        if ranges and ranges[-1][3] == delta:
            first, last, step, _ = ranges[-1]
            gap = code_point - last
            if gap == step or (first == last and gap <= 2):
                ranges[-1] = (first, code_point, gap, delta)
                continue
        ranges.append((code_point, code_point, 1, delta))
    return ranges


def decimal_zeros():
    zeros = [c for c in CODE_POINTS if unicodedata.decimal(chr(c), None) == 0]
    digits = {zero + i: i for zero in zeros for i in range(10)}
    assert all(unicodedata.decimal(chr(c), None) == digits.get(c) for c in CODE_POINTS)
    return zeros


def wrapped(items):
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > 100:
            lines.append(line)
            line = "   "
        line += f" {item},"
    return "\n".join([*lines, line])


def table(element, name, items):
    return (
        f"constexpr {element} {name}_data[] = {{\n{wrapped(items)}\n}};\n"
        f"constinit const std::span<const {element}> {name} = {name}_data;\n"
    )


def main():
    assert sys.version_info[:2] == (3, 11), "Python 3.11 is the Python whose str is reproduced"
    special = [c for c in CODE_POINTS if len(chr(c).lower()) > 1]
    assert special == [0x130], "lower() in python_text.cpp knows this one only"
    parts = [
        "// Written by scripts/generate_unicode_tables.py; do not edit.",
        "// clang-format off",
        '#include "store/text/unicode_tables.h"',
        "",
        "namespace millrace::python::tables {",
        "",
    ]
    for name, is_member in (
        ("word", lambda c: c.isalnum() or c == "_"),
        ("printable", str.isprintable),
        ("space", str.isspace),
        ("cased", cased),
        ("case_ignorable", case_ignorable),
    ):
        parts.append(table("char32_t", name, [f"{c:#x}" for c in inversion_list(is_member)]))
    parts.append(table("char32_t", "decimal_zeros", [f"{c:#x}" for c in decimal_zeros()]))
    ranges = [f"{{{a:#x}, {b:#x}, {step}, {delta}}}" for a, b, step, delta in lower_ranges()]
    parts.append(table("LowerRange", "lower_ranges", ranges))
    parts.append("}  // namespace millrace::python::tables\n")
    TARGET.write_text("\n".join(parts))


if __name__ == "__main__":
    main()
