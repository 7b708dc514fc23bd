#include "api/rules/run_data.h"

#include <unordered_set>

#include "api/rules/validate.h"
#include "store/common/error.h"
#include "store/text/python_text.h"

namespace millrace {
namespace {

constexpr std::size_t kMaximumKey = 250;
constexpr std::size_t kMaximumParamValue = 6000;
constexpr std::size_t kMaximumRunTagValue = 8000;

}  // namespace

std::string ItemPlace::path(std::string_view field) const {
  if (list.empty()) return std::string(field);
  return std::string(list) + "[" + std::to_string(index) + "]." + std::string(field);
}

void validate_metric(const ItemPlace& place, const Metric& metric) {
  validate_logged_name(place.path("name"), metric.key);
  if (metric.timestamp < 0) {
    throw_invalid_parameter("Invalid value " + std::to_string(metric.timestamp) +
                            " for parameter '" + place.path("timestamp") + "' supplied: metric '" +
                            metric.key + "' (value=" + python::float_repr(metric.value) +
                            "). Timestamp must be a nonnegative long (64-bit integer) ");
  }
  validate_length("Metric name", kMaximumKey, metric.key);
}

void accept_param(const ItemPlace& place, Tag& param, bool truncate) {
  validate_logged_name(place.path("key"), param.key);
  validate_length("Param key", kMaximumKey, param.key);
  param.value = limited_text("Param value", kMaximumParamValue, std::move(param.value), truncate);
}

void accept_run_tag(const ItemPlace& place, Tag& tag, bool truncate) {
  validate_logged_name(place.path("key"), tag.key);
  validate_length(place.path("key"), kMaximumKey, tag.key);
  tag.value =
      limited_text(place.path("value"), kMaximumRunTagValue, std::move(tag.value), truncate);
}

void require_different_keys(const std::vector<Tag>& params) {
  std::unordered_set<std::string_view> keys;
  std::string repeated;
  for (const Tag& param : params) {
    if (keys.insert(param.key).second) continue;
    repeated += (repeated.empty() ? "" : ", ") + python::repr(param.key);
  }
  if (repeated.empty()) return;
  throw_invalid_parameter("Duplicate parameter keys have been submitted: [" + repeated +
                          "]. Please ensure the request contains only one param value per param "
                          "key.");
}

}  // namespace millrace
