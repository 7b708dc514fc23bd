// The options of a database URI, each taken by its name at most once; what is left at the end is
// refused by name. An option with an empty value counts as not given, as in SQLAlchemy.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/db/database_uri.h"

namespace millrace {

// All methods throw INVALID_PARAMETER_VALUE naming the option. No value is repeated: it may be a
// secret.
class OptionReader {
 public:
  // `database` is the kind of database, for messages.
  OptionReader(const DatabaseUri& uri, std::string_view database);

  std::optional<std::string> text(std::string_view name);
  // SQLAlchemy's words: true, yes, on, y, t, 1 and false, no, off, n, f, 0, in any case.
  std::optional<bool> boolean(std::string_view name);
  std::optional<int> integer(std::string_view name, int low, int high);
  // One of `words`, compared in lower case and returned so.
  std::optional<std::string> word(std::string_view name,
                                  std::initializer_list<std::string_view> words);

  [[noreturn]] void refuse(std::string_view name, std::string_view why) const;
  // Refuses what nobody has taken.
  void finish() const;

 private:
  std::string_view database_;
  std::vector<std::pair<std::string, std::string>> left_;
};

}  // namespace millrace
