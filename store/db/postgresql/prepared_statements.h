// The named statements of one connection to PostgreSQL.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace millrace {

// Knows which are prepared on the server; what is done about it is its user's. The last used are
// kept.
class PreparedStatements {
 public:
  PreparedStatements();

  // Whether a statement of that text is worth being kept. A long text, of a search, takes a hundred
  // times its size when prepared, and does not come again.
  static bool keeps(std::string_view sql) { return sql.size() <= 8192; }

  // The name under which it is prepared, or null.
  const char* find(std::string_view sql);
  // For one that is about to be prepared.
  std::string new_name();
  // It is prepared now. In the place of another one, if there are too many.
  void add(std::string_view sql, std::string name);
  // It is of no use any more.
  void drop(std::string_view sql);

  // The names of those that are to be deallocated. This may be done outside of a transaction only,
  // since in one that has failed the server refuses it, and would keep them for ever.
  std::vector<std::string> take_dropped();

 private:
  static constexpr std::size_t kMost = 96;  // the fixed statements of a busy server, and some

  struct Prepared {
    std::string sql, name;
  };
  void drop(std::list<Prepared>::iterator prepared);

  std::string prefix_;
  unsigned long long names_ = 0;
  std::list<Prepared> recent_;  // the last used first
  std::unordered_map<std::string_view, std::list<Prepared>::iterator> index_;
  std::vector<std::string> dropped_;
};

}  // namespace millrace
