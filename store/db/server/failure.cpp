#include "store/db/server/failure.h"

#include <utility>

namespace millrace {

DatabaseFailure::DatabaseFailure(Failure failure, std::string words)
    : failure_(std::move(failure)), words_(std::move(words)) {}

DatabaseFailure::~DatabaseFailure() = default;

}  // namespace millrace
