// The SQL dialects of the databases that a registry can be in.
#pragma once

namespace millrace {

enum class Dialect { Sqlite, Mysql, Postgresql };

}  // namespace millrace
