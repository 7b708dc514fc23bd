#include "store/db/statement.h"

namespace millrace {
namespace {

// Gives the memory of a text that was long back, since statements live long.
void shrink(std::string& text) {
  constexpr std::size_t kept = 16 * 1024;
  if (text.capacity() > kept) std::string().swap(text);
}

}  // namespace

Statement::Statement(soci::session& session, const std::string& sql) : statement_(session) {
  statement_.alloc();
  statement_.prepare(sql);
}

bool Statement::execute(const Values& values) {
  set_values(values);
  if (!bound_) bind();
  return statement_.execute(true);
}

long long Statement::finish() {
  for (Parameter& parameter : parameters_) shrink(parameter.text);
  return statement_.get_affected_rows();
}

void Statement::set_values(const Values& values) {
  if (parameters_.size() != values.size()) {
    parameters_.resize(values.size());
    bound_ = false;
  }
  for (std::size_t i = 0; i < values.size(); ++i) set_value(parameters_[i], values[i]);
}

void Statement::set_value(Parameter& parameter, const Value& value) {
  parameter.indicator = soci::i_ok;
  Session::ColumnType type = parameter.type;
  if (const auto* text = std::get_if<std::string>(&value)) {
    parameter.text = *text;
    type = Session::ColumnType::Text;
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    parameter.integer = *integer;
    type = Session::ColumnType::Integer;
  } else if (const auto* real = std::get_if<double>(&value)) {
    parameter.real = *real;
    type = Session::ColumnType::Real;
  } else {
    parameter.indicator = soci::i_null;
  }
  if (type != parameter.type) {
    parameter.type = type;
    bound_ = false;
  }
}

void Statement::bind() {
  statement_.bind_clean_up();
  for (Parameter& parameter : parameters_) {
    switch (parameter.type) {
      case Session::ColumnType::Text:
        statement_.exchange(soci::use(parameter.text, parameter.indicator));
        break;
      case Session::ColumnType::Integer:
        statement_.exchange(soci::use(parameter.integer, parameter.indicator));
        break;
      case Session::ColumnType::Real:
        statement_.exchange(soci::use(parameter.real, parameter.indicator));
        break;
    }
  }
  statement_.define_and_bind();
  bound_ = true;
}

}  // namespace millrace
