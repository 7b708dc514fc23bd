// SHA-256 (FIPS 180-4).
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace millrace {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view data);
  // In lower-case hexadecimal digits; ends it.
  std::string digits();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace
