// Which of several processes, each on a node of its own of a Galera cluster, changes the schema:
// the nodes know nothing of each other's named locks, and hang when two of them define the same
// trigger at once (seen with MariaDB 10.11).
#pragma once

#include <chrono>
#include <string>

namespace millrace {

class MysqlAdministration;

// A row that names its holder, since the nodes agree on the order of all writes. Its holder counts
// it up; one who counts no more for some ten seconds is taken for dead, and another takes over. The
// row's table stays.
class ClusterLock {
 public:
  // Waits until nobody holds it. Throws TEMPORARILY_UNAVAILABLE after ten minutes.
  explicit ClusterLock(MysqlAdministration& administration);
  ClusterLock(const ClusterLock&) = delete;
  ClusterLock& operator=(const ClusterLock&) = delete;
  // Gives it up.
  ~ClusterLock();

  // To be called before each statement: counts, and waits again where another has taken over.
  void hold();

 private:
  struct Row {
    std::string holder, beats;
    bool operator==(const Row&) const = default;
  };
  Row look();
  void wait();
  // Whether it is held now. `seen`: what the row must still hold.
  bool take(const Row& seen);

  MysqlAdministration& administration_;
  std::string name_;
  std::chrono::steady_clock::time_point counted_;
};

}  // namespace millrace
