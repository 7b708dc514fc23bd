// JSON as Python's json.dumps(ensure_ascii=True) writes it, appended straight to a string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/json/value.h"

namespace millrace {

enum class Layout {
  Pretty,   // json.dumps(indent=2): MLflow's success bodies; `{}` and `[]` where empty
  Spaced,   // json.dumps(): one line, ", " and ": "; MLflow's error bodies
  Compact,  // separators=(",", ":")
  Utf8,     // the same with ensure_ascii=False: the native layer's bodies
};

// Writes one value. The caller gives it in order: a key before each member's value, an end for each
// begin; commas, blanks and lines come by themselves. What is in `out` may be taken away between
// any two calls, so that a long list can be streamed; the last few kilobytes come with the value's
// end.
//
//   JsonWriter writer(body, Layout::Pretty);
//   writer.begin_object();
//   writer.key("name").string(name);
//   writer.end_object();
class JsonWriter {
 public:
  JsonWriter(std::string& out, Layout layout) : out_(out), layout_(layout) {}
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  JsonWriter& begin_object() { return begin('{'); }
  JsonWriter& end_object() { return end('}'); }
  JsonWriter& begin_array() { return begin('['); }
  JsonWriter& end_array() { return end(']'); }
  JsonWriter& key(std::string_view key);

  // All but printable ASCII is escaped, lone surrogates too; a byte that is not UTF-8 is written as
  // \ufffd. With Layout::Utf8 only what JSON wants escaped.
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
  JsonWriter& word(std::string_view text);

  // Each part is written in three steps: room() for it, begin_item() or begin_value(), finish().
  char* room(std::size_t size);
  char* begin_item(char* at);
  char* begin_value(char* at);
  JsonWriter& finish(const char* end);

  char* write_line(char* at) const;
  char* write_quoted(char* at, std::string_view text);
  void make_room(std::size_t size);
  void flush();

  std::string& out_;
  Layout layout_;
  std::size_t depth_ = 0;
  bool first_ = true;  // of the innermost container; an ended one has made its parent's first
  bool after_key_ = false;
  // The end of what is written. A string would ask for its capacity at each of the many small
  // parts, and end each with a NUL.
  std::vector<char> piece_;
  std::size_t used_ = 0;
};

// json.dumps(value, sort_keys=...), with the separators of `layout`.
std::string python_json_dumps(const Json& value, bool sort_keys, Layout layout);

// repr() of the value that json.loads would have made: {'a': [1, 2.0, None, True]}.
std::string python_repr(const Json& value);

}  // namespace millrace
