// One page of what is found, with tags beside it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace millrace::search {

// Puts the rows of a statement together that gives an item once for each of its tags, one item
// after the other, and one more item than the page has if there are more. Holds one item at a time.
template <class Item>
class TaggedPage {
 public:
  // `row` is called for each of up to `max_results` (1 or more) items and outlives this.
  TaggedPage(std::int64_t max_results, const std::function<void(const Item&)>& row)
      : max_results_(max_results), row_(row) {}

  // `is_same(a, b)`: whether both are the same item. No key: it has no tags.
  template <class IsSame>
  void add(Item next, std::optional<std::string> key, std::optional<std::string> value,
           IsSame&& is_same) {
    if (begun_ == 0 || !is_same(next, current_)) {
      if (begun_ > 0 && begun_ <= max_results_) row_(current_);
      ++begun_;
      current_ = std::move(next);
    }
    if (key) current_.tags.push_back({*std::move(key), std::move(value).value_or("")});
  }

  // After the last row: returns whether there are more items than the page has.
  bool finish() {
    const bool more = begun_ > max_results_;
    if (begun_ > 0 && !more) row_(current_);
    return more;
  }

 private:
  const std::int64_t max_results_;
  const std::function<void(const Item&)>& row_;
  std::int64_t begun_ = 0;  // items
  Item current_;
};

}  // namespace millrace::search
