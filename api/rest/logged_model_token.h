// The page tokens of logged-models/search, which repeat the query
// (SearchLoggedModelsPaginationToken).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/search/logged_models.h"

namespace millrace {

struct LoggedModelQuery {
  std::vector<std::string> experiment_ids;
  std::string filter;
  std::vector<search::ModelOrderField> order_by;
};

// Base64 of {"experiment_ids": [...], "filter_string": ..., "order_by": ..., "offset": N}; null for
// what is empty.
std::string encode_logged_model_token(const LoggedModelQuery& query, std::int64_t offset);

// The offset that a token of this very query names; "" is 0. An offset may be negative; a fraction
// is cut off. Throws INVALID_PARAMETER_VALUE for a token of another query and for what is no token.
std::int64_t decode_logged_model_token(std::string_view token, const LoggedModelQuery& query);

}  // namespace millrace
