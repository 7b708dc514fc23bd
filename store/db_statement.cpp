#include "store/db_statement.h"

#include <algorithm>

namespace millrace {
namespace {

// A slot that has held a larger text gives its memory back, since statements live long.
constexpr std::size_t kKeptCapacity = 16 * 1024;

void shrink(std::string& text) {
  if (text.capacity() > kKeptCapacity) std::string().swap(text);
}

}  // namespace

Statement::Statement(soci::session& session, const std::string& sql) : statement_(session) {
  statement_.alloc();
  statement_.prepare(sql);
}

long long Statement::run(const Values& values, std::span<const Session::ColumnType> types,
                         const Session::RowSink& sink) {
  set_values(values);
  set_types(types);
  if (!bound_) bind();
  bool more = statement_.execute(true);
  if (more && types.empty()) {
    throw Error(ErrorCode::InternalError, "A statement gave rows that nobody reads.");
  }
  while (more) {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      cells_[i].null = indicators_[i] == soci::i_null;
    }
    sink(cells_);
    more = statement_.fetch();
  }
  give_back_memory();
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

void Statement::set_types(std::span<const Session::ColumnType> types) {
  if (std::equal(types.begin(), types.end(), types_.begin(), types_.end())) return;
  types_.assign(types.begin(), types.end());
  cells_.resize(types.size());
  indicators_.resize(types.size());
  bound_ = false;
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
  for (std::size_t i = 0; i < types_.size(); ++i) {
    switch (types_[i]) {
      case Session::ColumnType::Text:
        statement_.exchange(soci::into(cells_[i].text, indicators_[i]));
        break;
      case Session::ColumnType::Integer:
        statement_.exchange(soci::into(cells_[i].integer, indicators_[i]));
        break;
      case Session::ColumnType::Real:
        statement_.exchange(soci::into(cells_[i].real, indicators_[i]));
        break;
    }
  }
  statement_.define_and_bind();
  bound_ = true;
}

void Statement::give_back_memory() {
  for (Parameter& parameter : parameters_) shrink(parameter.text);
  for (Session::Cell& cell : cells_) shrink(cell.text);
}

}  // namespace millrace
