#include "store/db/key_spelling.h"

#include <algorithm>
#include <map>

#include "store/text/ascii.h"
#include "store/text/python_text.h"

namespace millrace {
namespace {

// Of one statement that compares them all.
constexpr std::size_t kMostCompared = 1000;

// Texts of ASCII that a collation finds equal have the same one: without letter case, control
// characters, which Unicode's collations pass over, and trailing blanks; as a Roman and a
// Lithuanian may read letters.
std::string folded(std::string_view key) {
  std::string result;
  for (const char c : ascii_lower(key)) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) continue;
    result += c == 'j' || c == 'y' ? 'i' : c == 'v' || c == 'w' ? 'u' : c;
  }
  result.erase(result.find_last_not_of(' ') + 1);
  return result;
}

// The places of two that the database finds equal, if there are such. The list takes its collation
// from the column, of which no row is read.
std::optional<std::pair<std::int64_t, std::int64_t>> equal_keys(
    Work& work, const WrittenKeys& written, const std::vector<std::string>& keys) {
  std::string list = "SELECT 0 AS place, \"" + std::string(written.column) +
                     "\" AS spelling FROM " + std::string(written.table) + " WHERE 1 = 0";
  Values values;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string place = std::to_string(i);
    list += " UNION ALL SELECT " + place + ", :key" + place;
    values.emplace_back(keys[i]);
  }
  const auto found = work.first<std::int64_t, std::int64_t>(
      "SELECT MIN(place), MAX(place) FROM (" + list +
          ") compared GROUP BY spelling HAVING COUNT(*) > 1 LIMIT 1",
      values);
  if (!found) return std::nullopt;
  return std::pair(std::get<0>(*found), std::get<1>(*found));
}

std::vector<std::string> stored_keys(Work& work, const WrittenKeys& written) {
  const std::string column = "\"" + std::string(written.column) + "\"";
  std::vector<std::string> keys;
  work.each<std::string>("SELECT DISTINCT " + column + " FROM " + std::string(written.table) +
                             " WHERE " + std::string(written.condition),
                         written.values,
                         [&keys](std::string key) { keys.push_back(std::move(key)); });
  return keys;
}

}  // namespace

void throw_same_key(std::string_view one, std::string_view other) {
  throw SameKey(ErrorCode::BadRequest,
                "The keys " + python::repr(one) + " and " + python::repr(other) +
                    " cannot both be stored: the collation of this database does not tell them "
                    "apart. Use one spelling.");
}

std::vector<std::string> look_alikes(std::vector<std::string> keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::map<std::string, std::vector<std::string>> alike;
  std::vector<std::string> others;  // that may be equal to something that is not ASCII
  const bool all_ascii = std::all_of(keys.begin(), keys.end(), is_ascii);
  for (std::string& key : keys) alike[folded(key)].push_back(std::move(key));
  std::vector<std::string> result;
  for (auto& [fold, group] : alike) {
    std::vector<std::string>& target = group.size() > 1 ? result : others;
    std::move(group.begin(), group.end(), std::back_inserter(target));
  }
  if (!all_ascii) std::move(others.begin(), others.end(), std::back_inserter(result));
  return result;
}

void explain_refused_keys(Work& work, const WrittenKeys& written) {
  std::vector<std::string> keys = stored_keys(work, written);
  keys.insert(keys.end(), written.keys.begin(), written.keys.end());
  keys = look_alikes(std::move(keys));
  if (keys.size() > kMostCompared) keys.resize(kMostCompared);  // the most alike come first
  if (keys.empty()) return;
  if (const auto equal = equal_keys(work, written, keys)) {
    throw_same_key(keys[static_cast<std::size_t>(equal->first)],
                   keys[static_cast<std::size_t>(equal->second)]);
  }
}

}  // namespace millrace
