// Names for what the client gave none.
#pragma once

#include <string>

namespace millrace::tracking {

// adjective-noun-N with N from 0 to 1000, in the form of MLflow's generated names
// (mlflow/utils/name_utils.py); at most 20 characters. Thread-safe.
std::string random_name();

}  // namespace millrace::tracking
