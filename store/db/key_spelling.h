// Keys that a collation finds equal although they are spelled differently: "F1" and "f1", "é" and
// "e", "a" and "a ". On MySQL two of them would be one row; here they are refused by both names.
// Nothing of this asks the database for anything while all is well.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/db/work.h"

namespace millrace {

// Keys that are written to the rows of one run, model or experiment.
struct WrittenKeys {
  std::string_view table;
  std::string_view column;     // of the keys
  std::string_view condition;  // that finds the rows: "run_uuid = :run_id"
  Values values;               // of the condition
  std::vector<std::string> keys;
};

// BAD_REQUEST that names both.
class SameKey : public Error {
 public:
  using Error::Error;
};
[[noreturn]] void throw_same_key(std::string_view one, std::string_view other);

// Those of the different keys that some collation may find equal to another one of them, each once.
// All of them where a key is not ASCII: what equals that only the server knows.
std::vector<std::string> look_alikes(std::vector<std::string> keys);

// After the database has refused to write these keys: throws throw_same_key's error if it finds one
// of them equal to another one, or to one that is stored. Returns where this is not why.
void explain_refused_keys(Work& work, const WrittenKeys& written);

// Runs `write()`, statements that MySQL refuses where they meet another spelling of a key; then
// `written()` tells what they write.
template <class Write, class Written>
void write_keys(Work& work, Write&& write, Written&& written) {
  try {
    write();
  } catch (const Error& refusal) {
    if (work.dialect() == Dialect::Mysql && refusal.code() == ErrorCode::BadRequest)
      explain_refused_keys(work, written());
    throw;
  }
}

// The keys of tags or metrics.
template <class Items>
std::vector<std::string> keys_of(const Items& items) {
  std::vector<std::string> keys;
  keys.reserve(items.size());
  for (const auto& item : items) keys.push_back(item.key);
  return keys;
}

}  // namespace millrace
