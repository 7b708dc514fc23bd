// Renames that belong together.
#pragma once

#include <string>
#include <vector>

namespace millrace {

// What was renamed is put back at the end, unless all of it was done.
class RestoreSwitch {
 public:
  RestoreSwitch() = default;
  ~RestoreSwitch();
  RestoreSwitch(const RestoreSwitch&) = delete;
  RestoreSwitch& operator=(const RestoreSwitch&) = delete;

  // Throws INTERNAL_ERROR; INVALID_STATE when something is at `to`, but for an empty folder in
  // whose place a folder comes.
  void move(const std::string& from, const std::string& to);
  // The same for a file that was put in its place in another way: it is removed.
  void placed(const std::string& path) { moves_.push_back({"", path}); }

  void done() { moves_.clear(); }

 private:
  struct Move {
    std::string from;  // empty: there was none
    std::string to;
  };
  std::vector<Move> moves_;
};

}  // namespace millrace
