// A prepared SOCI statement with its typed slots, kept for reuse.
#pragma once

#include <soci/soci.h>

#include <span>
#include <string>
#include <vector>

#include "store/db.h"

namespace millrace {

// Values are copied into slots of their own type and results are read out of such slots (static
// binding: SOCI's dynamic rows give text for computed columns on SQLite). The slots are bound once
// and bound anew only when a type changes.
// After an exception the statement is not at its end: destroy it.
class Statement {
 public:
  Statement(soci::session& session, const std::string& sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Runs it and fetches all rows. Throws soci::soci_error, and what `sink` throws.
  long long run(const Values& values, std::span<const Session::ColumnType> types,
                const Session::RowSink& sink);

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
  void set_types(std::span<const Session::ColumnType> types);
  void bind();
  void give_back_memory();

  soci::statement statement_;
  bool bound_ = false;
  std::vector<Parameter> parameters_;
  std::vector<Session::ColumnType> types_;
  std::vector<Session::Cell> cells_;
  std::vector<soci::indicator> indicators_;
};

}  // namespace millrace
