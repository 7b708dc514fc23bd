// JSON as Python's json.dumps(ensure_ascii=True) writes it, appended straight to a string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/json/json.h"

namespace millrace {

enum class Layout {
  Pretty,   // json.dumps(indent=2): MLflow's success bodies; `{}` and `[]` where empty
  Spaced,   // json.dumps(): one line, ", " and ": "; MLflow's error bodies
  Compact,  // separators=(",", ":")
};

// Writes one value. The caller gives it in order: a key before each member's value, an end for each
// begin; commas, blanks and lines come by themselves. A value in the making needs no memory here:
// what is in `out` may be taken away between any two calls, so that a long list can be streamed.
//
//   JsonWriter writer(body, Layout::Pretty);
//   writer.begin_object();
//   writer.key("name").string(name);
//   writer.end_object();
class JsonWriter {
 public:
  JsonWriter(std::string& out, Layout layout) : out_(out), layout_(layout) {}

  JsonWriter& begin_object() { return begin('{'); }
  JsonWriter& end_object() { return end('}'); }
  JsonWriter& begin_array() { return begin('['); }
  JsonWriter& end_array() { return end(']'); }
  JsonWriter& key(std::string_view key);

  // All but printable ASCII is escaped, lone surrogates too; a byte that is not UTF-8 is written as
  // \ufffd.
  JsonWriter& string(std::string_view value);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& integer_digits(std::string_view digits);  // an int of any size
  JsonWriter& number(double value);                     // repr(float), or NaN, Infinity, -Infinity
  JsonWriter& boolean(bool value);
  JsonWriter& null();

  // A whole value; sort_keys as in json.dumps.
  JsonWriter& value(const Json& value, bool sort_keys = false);

 private:
  JsonWriter& begin(char bracket);
  JsonWriter& end(char bracket);
  void new_line();
  void before_item();
  void before_value();

  std::string& out_;
  Layout layout_;
  std::size_t depth_ = 0;
  bool first_ = true;  // of the innermost container; an ended one has made its parent's first
  bool after_key_ = false;
};

// json.dumps(value, sort_keys=...), with the separators of `layout`.
std::string python_json_dumps(const Json& value, bool sort_keys, Layout layout);

// repr() of the value that json.loads would have made: {'a': [1, 2.0, None, True]}.
std::string python_repr(const Json& value);

}  // namespace millrace
