// From JSON to a Message, as protobuf's json_format.ParseDict does it, and the checks around it
// that look at the raw JSON. The behaviour is protobuf's Python implementation with
// ignore_unknown_fields.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/json/reader.h"
#include "api/rest/request.h"

namespace millrace {

// Converts in the key order of `object` and stops at the first value of a wrong type: what was
// converted stays, the rest is lost. Returns whether everything was converted.
bool convert_message(const Json& object, Message& message);

// _reject_conflicting_field_aliases: throws when one field is given in both spellings.
void refuse_two_spellings(const Json& object, std::span<const Param> params);

// Whether MLflow's schema functions accept the raw value. Type checks apply only when the
// conversion stopped; an integer with a maximum is always checked.
bool schema_type_matches(const Json& value, const Param& param, bool converted);

// json.dumps(value, sort_keys=True, separators=(",", ":")).
std::string json_for_message(const Json& value);

}  // namespace millrace
