#include "store/search/token_list.h"

#include <algorithm>

namespace millrace::search {
namespace {

using Iterator = std::vector<Token*>::iterator;

std::string_view covered(const std::vector<Token*>& parts) {
  if (parts.empty()) return {};
  const char* begin = parts.front()->text.data();
  const std::string_view last = parts.back()->text;
  return {begin, static_cast<std::size_t>(last.data() + last.size() - begin)};
}

}  // namespace

bool is_keyword_of(const Token& token, std::initializer_list<std::string_view> words) {
  return token.type == TokenType::Keyword &&
         std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return raises_to(token.text, word); });
}

int next_index(const Token& list, int index) {
  return find_after(list, index, [](const Token& token) { return !token.is_blank(); });
}

int previous_index(const Token& list, int index) {
  for (int at = index - 1; at >= 0; --at) {
    if (!list.parts[static_cast<std::size_t>(at)]->is_blank()) return at;
  }
  return no_index;
}

Token* part_at(const Token& list, int index) {
  return index == no_index ? nullptr : list.parts[static_cast<std::size_t>(index)];
}

Token* group_parts(Token& list, std::deque<Token>& arena, Group group, int first, int last,
                   bool extend) {
  if (extend && part_at(list, first)->group == group) {
    append_to_group(list, first, last);
    return part_at(list, first);
  }
  const Iterator begin = list.parts.begin() + first;
  const Iterator end = list.parts.begin() + std::max(first, last + 1);
  Token& grouped = arena.emplace_back();
  grouped.group = group;
  grouped.parts.assign(begin, end);
  grouped.text = covered(grouped.parts);
  if (begin == end) {
    list.parts.insert(begin, &grouped);
  } else {
    *begin = &grouped;
    list.parts.erase(begin + 1, end);
  }
  return &grouped;
}

void append_to_group(Token& list, int first, int last) {
  if (last <= first) return;
  Token& grouped = *part_at(list, first);
  const Iterator begin = list.parts.begin() + first + 1;
  const Iterator end = list.parts.begin() + last + 1;
  grouped.parts.insert(grouped.parts.end(), begin, end);
  grouped.text = covered(grouped.parts);
  list.parts.erase(begin, end);
}

}  // namespace millrace::search
