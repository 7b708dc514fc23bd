// A prepared SOCI statement with its values, kept for reuse.
#pragma once

#include <soci/soci.h>

#include <string>
#include <vector>

#include "store/db/database.h"

namespace millrace {

// Values are copied into slots of their own type, which are bound once and bound anew only when a
// type changes. The rows are read by the back end: SOCI's slots for them would take several calls
// for each column.
// After an exception the statement is not at its end: destroy it.
class Statement {
 public:
  Statement(soci::session& session, const std::string& sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Runs it up to its first row; returns whether there is one. Throws soci::soci_error.
  bool execute(const Values& values);

  // After its last row: returns the rows that it inserted, updated or deleted. Until then the
  // database reads the values where they are.
  long long finish();

  soci::details::statement_backend* backend() { return statement_.get_backend(); }

 private:
  struct Parameter {
    Session::ColumnType type = Session::ColumnType::Text;
    soci::indicator indicator = soci::i_null;
    std::string text;
    long long integer = 0;
    double real = 0;
  };

  void set_values(const Values& values);
  void set_value(Parameter& parameter, const Value& value);
  void bind();

  soci::statement statement_;
  bool bound_ = false;
  std::vector<Parameter> parameters_;
};

}  // namespace millrace
