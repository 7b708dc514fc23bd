// The room store/check: what `millrace db check` tells about a database. May use store/db and
// store/schema. Changes nothing.
//
// `millrace db check`: looks at a database with an administrator's eyes and changes nothing.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "store/db/database.h"

namespace millrace {

struct Finding {
  enum class Level {
    Fact,     // as it should be, or just so
    Advice,   // works, and could be better
    Problem,  // Millrace does not start, or data is in danger
  };
  Level level = Level::Fact;
  std::string topic;
  std::string text;
};

class Findings {
 public:
  void fact(std::string topic, std::string text) {
    list_.push_back({Finding::Level::Fact, std::move(topic), std::move(text)});
  }
  void advice(std::string topic, std::string text) {
    list_.push_back({Finding::Level::Advice, std::move(topic), std::move(text)});
  }
  void problem(std::string topic, std::string text) {
    list_.push_back({Finding::Level::Problem, std::move(topic), std::move(text)});
  }

  const std::vector<Finding>& list() const { return list_; }
  std::size_t problems() const;

 private:
  std::vector<Finding> list_;
};

// A database that cannot be reached is a problem like others. Throws INVALID_PARAMETER_VALUE for a
// bad URI. No text holds a password.
Findings check_database(const DbOptions& options);

}  // namespace millrace
