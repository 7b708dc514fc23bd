#include "store/db/unstorable_text.h"

#include <algorithm>

#include "store/common/ids.h"
#include "store/text/ascii.h"

namespace millrace {
namespace {

bool is_name_character(char c) {
  return is_ascii_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

const std::string* beyond_ascii(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr || is_ascii(*text) ? nullptr : text;
}

bool holds_nul(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr && text->find('\0') != std::string::npos;
}

// A statement that fails ends the transaction, but for what came before a savepoint.
bool can_be_stored(Session& session, const std::string& text) {
  session.execute("SAVEPOINT text");
  try {
    session.first<std::int64_t>("SELECT 1 WHERE CAST(:text AS text) <> ''", {text});
  } catch (const Unstorable&) {
    session.execute("ROLLBACK TO SAVEPOINT text");
    return false;
  }
  session.execute("RELEASE SAVEPOINT text");
  return true;
}

}  // namespace

std::string compared_in_utf8(std::string_view sql, const Values& values) {
  std::string result;
  char quote = '\0';
  auto value = values.begin();
  bool changed = false;
  for (std::size_t i = 0; i < sql.size();) {
    const char c = sql[i++];
    result += c;
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (c == ':') {
      while (i < sql.size() && is_name_character(sql[i])) result += sql[i++];
      if (value != values.end() && beyond_ascii(*value++) != nullptr) {
        result += " COLLATE utf8mb4_bin";
        changed = true;
      }
    }
  }
  if (!changed) {
    throw Error(ErrorCode::InternalError,
                "The database cannot compare its own columns: their collations differ.");
  }
  return result;
}

bool may_be_unstorable(const Values& values, bool lacks_characters) {
  return std::any_of(values.begin(), values.end(), [lacks_characters](const Value& value) {
    return holds_nul(value) || (lacks_characters && beyond_ascii(value) != nullptr);
  });
}

Values storable_values(Session& session, const Values& values, bool lacks_characters) {
  Values result = values;
  for (Value& value : result) {
    const std::string* text = lacks_characters ? beyond_ascii(value) : nullptr;
    if (holds_nul(value) || (text != nullptr && !can_be_stored(session, *text))) value = new_id();
  }
  return result;
}

}  // namespace millrace
