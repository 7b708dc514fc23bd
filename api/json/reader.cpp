#include "api/json/reader.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "api/json/encoding.h"
#include "api/json/tokens.h"
#include "store/common/error.h"

namespace millrace {

namespace {

// Below this many members comparing all pairs of keys is quicker than sorting.
constexpr std::size_t kFewMembers = 12;

// Reads one document without recursion. Values and keys wait on two stacks until their container
// ends: growing an ordered_json object member by member would copy its values again and again (the
// pairs of its vector have constant keys and cannot be moved) and compare each key with all others.
class Reader {
 public:
  Reader(std::string_view text, std::size_t maximum_values)
      : tokens_(text), maximum_values_(maximum_values) {}

  std::optional<Json> read() {
    for (;;) {
      if (!read_value()) return std::nullopt;
      while (!value_expected_) {
        if (open_.empty()) return finish();
        if (!after_value()) return std::nullopt;
      }
    }
  }

 private:
  struct Container {
    bool is_object;
    std::size_t first_value;
    std::size_t first_key;
  };

  bool read_value() {
    if (++count_ > maximum_values_) {
      throw_invalid_parameter("Invalid JSON: more than " + std::to_string(maximum_values_) +
                              " values.");
    }
    char next = tokens_.peek();
    if (next == '[' || next == '{') return open(next == '{');
    value_expected_ = false;
    return next != '\0' && tokens_.read_scalar(values_.emplace_back());
  }

  bool open(bool is_object) {
    if (open_.size() == kMaximumJsonDepth) {
      throw_invalid_parameter("Invalid JSON: nested more than " +
                              std::to_string(kMaximumJsonDepth) + " levels deep.");
    }
    tokens_.take();
    open_.push_back({is_object, values_.size(), keys_.size()});
    if (tokens_.peek() == (is_object ? '}' : ']')) {
      close();
      return true;
    }
    return !is_object || read_key();
  }

  bool read_key() {
    value_expected_ = true;
    if (tokens_.peek() != '"' || !tokens_.read_string(keys_.emplace_back())) return false;
    if (tokens_.peek() != ':') return false;
    tokens_.take();
    return true;
  }

  // A comma and what follows it, or the end of the container.
  bool after_value() {
    char next = tokens_.peek();
    if (next == ',') {
      tokens_.take();
      value_expected_ = true;
      return !open_.back().is_object || read_key();
    }
    if (next != (open_.back().is_object ? '}' : ']')) return false;
    close();
    return true;
  }

  void close() {
    tokens_.take();
    Container container = open_.back();
    open_.pop_back();
    auto first = values_.begin() + static_cast<std::ptrdiff_t>(container.first_value);
    Json value(container.is_object ? Json::value_t::object : Json::value_t::array);
    if (container.is_object) {
      build_object(container, value.get_ref<Json::object_t&>());
    } else {
      value.get_ref<Json::array_t&>().assign(std::make_move_iterator(first),
                                             std::make_move_iterator(values_.end()));
    }
    values_.erase(first, values_.end());
    keys_.resize(container.first_key);
    values_.push_back(std::move(value));
    value_expected_ = false;
  }

  void build_object(const Container& container, Json::object_t& object) {
    drop_repeated_keys(container);
    std::size_t count = keys_.size() - container.first_key;
    object.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      // The vector's emplace_back: ordered_map's emplace would look for the key once more.
      object.emplace_back(std::move(keys_[container.first_key + i]),
                          std::move(values_[container.first_value + i]));
    }
  }

  void drop_repeated_keys(const Container& container);

  std::optional<Json> finish() {
    if (!tokens_.at_end()) return std::nullopt;
    return std::move(values_.back());
  }

  JsonTokens tokens_;
  const std::size_t maximum_values_;
  std::size_t count_ = 0;
  bool value_expected_ = true;
  std::vector<Json> values_;
  std::vector<std::string> keys_;
  std::vector<Container> open_;
};

// For each member the first one of the same key. Sorting, because the keys of a hostile client make
// any known hash slow.
std::vector<std::size_t> first_of_equal(const std::string* keys, std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    int compared = keys[a].compare(keys[b]);
    return compared != 0 ? compared < 0 : a < b;
  });
  std::vector<std::size_t> first(count);
  for (std::size_t i = 0; i < count; ++i) {
    bool repeated = i > 0 && keys[order[i]] == keys[order[i - 1]];
    first[order[i]] = repeated ? first[order[i - 1]] : order[i];
  }
  return first;
}

bool few_and_different(const std::string* keys, std::size_t count) {
  if (count > kFewMembers) return false;
  for (std::size_t i = 1; i < count; ++i) {
    if (std::find(keys, keys + i, keys[i]) != keys + i) return false;
  }
  return true;
}

void Reader::drop_repeated_keys(const Container& container) {
  std::string* keys = keys_.data() + container.first_key;
  Json* values = values_.data() + container.first_value;
  std::size_t count = keys_.size() - container.first_key;
  if (few_and_different(keys, count)) return;
  std::vector<std::size_t> first = first_of_equal(keys, count);
  std::vector<std::size_t> place(count);  // where a member that stays moves to
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    place[i] = first[i] == i ? kept++ : place[first[i]];
    if (place[i] == i) continue;
    values[place[i]] = std::move(values[i]);
    if (first[i] == i) keys[place[i]] = std::move(keys[i]);
  }
  values_.resize(container.first_value + kept);
  keys_.resize(container.first_key + kept);
}

}  // namespace

std::optional<Json> parse_json(std::string_view bytes) {
  std::string buffer;
  std::optional<std::string_view> text = decode_json_bytes(bytes, buffer);
  if (!text) return std::nullopt;
  return parse_json_text(*text);
}

std::optional<Json> parse_json_text(std::string_view text, std::size_t maximum_values) {
  return Reader(text, maximum_values).read();
}

}  // namespace millrace
