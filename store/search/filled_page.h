// The items of a page whose contents further statements read, for many items at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace::search {

// Items that are filled together. When their contents become too large the last ones are left out,
// for later.
template <class Item>
class FilledItems {
 public:
  // `empty` throws away what an item that is left out has got.
  FilledItems(std::span<Item> items, std::size_t most_bytes, void (*empty)(Item&))
      : items_(items), bytes_(items.size()), most_bytes_(most_bytes), empty_(empty) {}

  // Whether an item of those at the begin is not left out.
  bool holds(const Item& item) const { return &item - items_.data() < std::ssize(items_); }

  // So much was added to one that is held. The last ones go, this one perhaps among them.
  void grow(const Item& item, std::size_t bytes) {
    bytes_[static_cast<std::size_t>(&item - items_.data())] += bytes;
    all_ += bytes;
    while (all_ > most_bytes_ && items_.size() > 1) {
      empty_(items_.back());
      items_ = items_.first(items_.size() - 1);
      all_ -= bytes_[items_.size()];
    }
  }

  // Those that are held, at least one.
  std::span<Item> items() const { return items_; }
  bool has_room_for_more() const { return all_ < most_bytes_ / 2; }

 private:
  std::span<Item> items_;
  std::vector<std::size_t> bytes_;
  std::size_t all_ = 0;  // of those that are held
  const std::size_t most_bytes_;
  void (*const empty_)(Item&);
};

struct FillAtOnce {
  std::size_t items;
  std::size_t bytes;
};

// Calls `fill(FilledItems&)` for the items in turn, so many at once as there may be, and then
// `use(item)` for each one that it has filled, which is not kept.
template <class Item, class Fill, class Use>
void each_filled(std::span<Item> page, const FillAtOnce& most, void (*empty)(Item&), Fill&& fill,
                 Use&& use) {
  for (std::size_t count = most.items; !page.empty();) {
    FilledItems<Item> filled(page.first(std::min(count, page.size())), most.bytes, empty);
    fill(filled);
    for (Item& item : filled.items()) {
      use(item);
      item = {};
    }
    const std::size_t done = filled.items().size();
    if (done < std::min(count, page.size())) {
      count = done;
    } else if (filled.has_room_for_more()) {
      count = std::min(2 * count, most.items);
    }
    page = page.subspan(done);
  }
}

// Adds a key and a value, and returns how much they take, about.
template <class Tag>
std::size_t add_tag(std::vector<Tag>& tags, std::type_identity_t<Tag> tag) {
  const std::size_t bytes = sizeof tag + tag.key.size() + tag.value.size();
  tags.push_back(std::move(tag));
  return bytes;
}

}  // namespace millrace::search
