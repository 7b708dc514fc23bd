// The few questions on which the SQL dialects differ.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

enum class Dialect { Sqlite, Mysql, Postgresql };

}  // namespace millrace
