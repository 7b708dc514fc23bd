#include "store/db/postgresql/prepared_statements.h"

#include <iterator>
#include <random>
#include <utility>

namespace millrace {

// The names are of this connection alone: should a pooler stand in between that was not noticed, a
// name of somebody else's statement must not be met.
PreparedStatements::PreparedStatements() {
  std::random_device random;
  prefix_ = "millrace_" + std::to_string(random()) + "_" + std::to_string(random()) + "_";
}

const char* PreparedStatements::find(std::string_view sql) {
  const auto found = index_.find(sql);
  if (found == index_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, found->second);
  return recent_.front().name.c_str();
}

std::string PreparedStatements::new_name() { return prefix_ + std::to_string(++names_); }

void PreparedStatements::add(std::string_view sql, std::string name) {
  if (recent_.size() >= kMost) drop(std::prev(recent_.end()));
  recent_.push_front({std::string(sql), std::move(name)});
  index_.emplace(recent_.front().sql, recent_.begin());
}

void PreparedStatements::drop(std::string_view sql) {
  const auto found = index_.find(sql);
  if (found != index_.end()) drop(found->second);
}

void PreparedStatements::drop(std::list<Prepared>::iterator prepared) {
  index_.erase(prepared->sql);
  dropped_.push_back(std::move(prepared->name));
  recent_.erase(prepared);
}

std::vector<std::string> PreparedStatements::take_dropped() { return std::exchange(dropped_, {}); }

}  // namespace millrace
