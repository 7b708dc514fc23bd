// What to do with tables of a revision that is not known, as of a newer MLflow.
#pragma once

namespace millrace {

enum class UnknownSchema {
  Refuse,
  ReadOnly,  // read what is there, and refuse all writes
  Write,     // as if it were known, if all that is known is there
};

}  // namespace millrace
