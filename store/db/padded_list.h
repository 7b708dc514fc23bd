// A list of ids in a condition.
#pragma once

#include <bit>
#include <cstddef>
#include <string>

#include "store/common/value.h"

namespace millrace {

struct PaddedList {
  std::string sql;  // " IN (:id0, :id1, ...)"
  Values values;
};

// `id(i)` is the i-th of `count` ids, of which there is one at least. The list is padded to a
// power of two with NULL, which equals nothing, so that few different statements are prepared. Each
// list of a statement has a `name` of its own.
template <class Id>
PaddedList padded_list(std::size_t count, Id&& id, const std::string& name = "id") {
  PaddedList list{" IN (", Values(std::bit_ceil(count))};
  for (std::size_t i = 0; i < list.values.size(); ++i) {
    list.sql += (i == 0 ? ":" : ", :") + name + std::to_string(i);
    if (i < count) list.values[i] = id(i);
  }
  list.sql += ")";
  return list;
}

}  // namespace millrace
