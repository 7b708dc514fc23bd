// Python's shlex.split, with which MLflow takes an order_by clause apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::search {

// POSIX rules: blanks part words, both quotes and the backslash bind. Nothing when a quote or a
// backslash is left open, where Python raises ValueError.
std::optional<std::vector<std::string>> split_shell_words(std::string_view text);

}  // namespace millrace::search
