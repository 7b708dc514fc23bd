// Whether a document fits the schema: the rules of the GraphQL specification's section 5, with
// graphql-core's texts without their guesses at other names.
#pragma once

#include <string>
#include <vector>

#include "api/graphql/document.h"
#include "api/graphql/schema.h"

namespace millrace::graphql {

// All faults in the order of the document; none for a valid one.
std::vector<std::string> validate(const Document& document);

// The faults of a literal where `type` is expected. Variables fit everywhere.
std::vector<std::string> literal_faults(const Value& value, const TypeReference& type);

// The type that an operation starts from, or null for a subscription.
const Type* root_type(const Operation& operation);

}  // namespace millrace::graphql
