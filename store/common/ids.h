// Identifiers that nobody can guess or meet twice.
#pragma once

#include <string>

namespace millrace {

// A random UUID (version 4) as 32 lower-case hexadecimal digits, like Python's uuid4().hex, which
// MLflow uses for runs. From the kernel's generator. Thread-safe.
std::string new_id();

}  // namespace millrace
