// Whole values, walked without recursion: nesting costs memory of the heap, never the stack.
#include <algorithm>
#include <vector>

#include "api/json/writer.h"
#include "store/text/python_text.h"

namespace millrace {

namespace {

using Member = Json::object_t::value_type;

// A list or an object on the way from the root to where the walk is.
struct Container {
  const Json* value;
  std::vector<const Member*> sorted;  // of an object, if sorting was asked for
  std::size_t next = 0;

  Container(const Json& container, bool sort_keys) : value(&container) {
    if (!container.is_object() || !sort_keys) return;
    for (const Member& member : container.get_ref<const Json::object_t&>()) {
      sorted.push_back(&member);
    }
    // Bytes order as code points do, also where surrogates are alone.
    std::sort(sorted.begin(), sorted.end(),
              [](const Member* a, const Member* b) { return a->first < b->first; });
  }

  const Member& next_member() {
    std::size_t index = next++;
    if (!sorted.empty()) return *sorted[index];
    return value->get_ref<const Json::object_t&>().begin()[static_cast<std::ptrdiff_t>(index)];
  }
};

void write_scalar(JsonWriter& writer, const Json& value) {
  if (value.is_string()) {
    writer.string(value.get_ref<const std::string&>());
  } else if (is_integer(value)) {
    writer.integer_digits(integer_text(value));
  } else if (value.is_number_float()) {
    writer.number(value.get<double>());
  } else if (value.is_boolean()) {
    writer.boolean(value.get<bool>());
  } else {
    writer.null();
  }
}

// repr() of dicts and lists: the parts of JsonWriter that walk() uses.
class ReprWriter {
 public:
  explicit ReprWriter(std::string& out) : out_(out) {}

  void begin_object() { begin('{'); }
  void begin_array() { begin('['); }
  void end_object() { end('}'); }
  void end_array() { end(']'); }

  void key(const std::string& key) {
    item(python::repr(key));
    out_ += ": ";
    first_ = true;
  }

  void item(std::string_view text) {
    if (!first_) out_ += ", ";
    out_ += text;
    first_ = false;
  }

 private:
  void begin(char bracket) {
    item({&bracket, 1});
    first_ = true;
  }
  void end(char bracket) {
    out_ += bracket;
    first_ = false;
  }

  std::string& out_;
  bool first_ = true;  // nothing before it that a comma would part it from
};

void write_scalar(ReprWriter& writer, const Json& value) {
  if (value.is_string()) {
    writer.item(python::repr(value.get_ref<const std::string&>()));
  } else if (is_integer(value)) {
    writer.item(integer_text(value));
  } else if (value.is_number_float()) {
    writer.item(python::float_repr(value.get<double>()));
  } else if (value.is_boolean()) {
    writer.item(value.get<bool>() ? "True" : "False");
  } else {
    writer.item("None");
  }
}

// Shows a writer (JsonWriter or ReprWriter) every part of the value in order.
template <typename Writer>
void walk(const Json& root, bool sort_keys, Writer& writer) {
  std::vector<Container> open;
  auto show = [&](const Json& value) {
    if (value.is_object()) {
      writer.begin_object();
    } else if (value.is_array()) {
      writer.begin_array();
    } else {
      write_scalar(writer, value);
      return;
    }
    open.emplace_back(value, sort_keys);
  };
  show(root);
  while (!open.empty()) {
    Container& inner = open.back();
    bool is_object = inner.value->is_object();
    if (inner.next == inner.value->size()) {
      is_object ? writer.end_object() : writer.end_array();
      open.pop_back();
    } else if (is_object) {
      const Member& member = inner.next_member();
      writer.key(member.first);
      show(member.second);
    } else {
      show(inner.value->get_ref<const Json::array_t&>()[inner.next++]);
    }
  }
}

}  // namespace

JsonWriter& JsonWriter::value(const Json& value, bool sort_keys) {
  walk(value, sort_keys, *this);
  return *this;
}

std::string python_json_dumps(const Json& value, bool sort_keys, Layout layout) {
  std::string text;
  JsonWriter(text, layout).value(value, sort_keys);
  return text;
}

std::string python_repr(const Json& value) {
  std::string text;
  ReprWriter writer(text);
  walk(value, false, writer);
  return text;
}

}  // namespace millrace
