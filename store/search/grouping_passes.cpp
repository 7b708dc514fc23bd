#include "store/search/grouping_passes.h"

#include "store/search/token_list.h"

namespace millrace::search {

void group_comments(Token& list, Arena& arena) {
  const auto comment = [](const Token& t) { return is_comment(t.type); };
  const auto ends = [](const Token& t) {
    return !is_comment(t.type) && t.type != TokenType::Newline;
  };
  for (int at = find_after(list, -1, comment); at != no_index; at = find_after(list, at, comment)) {
    const int end = find_after(list, at - 1, ends);
    if (end == no_index) return;
    group_parts(list, arena, Group::Comment, at, end - 1, false);
  }
}

void group_over(Token& list, Arena& arena) {
  const auto over = [](const Token& t) { return t.matches(TokenType::Keyword, "OVER"); };
  for (int at = find_after(list, -1, over); at != no_index; at = find_after(list, at, over)) {
    const int next = next_index(list, at);
    const Token* window = part_at(list, next);
    if (window != nullptr && (window->group == Group::Parenthesis || is_name(window->type))) {
      group_parts(list, arena, Group::Over, at, next, false);
    }
  }
}

void group_functions(Token& list, Arena& arena) {
  const auto has_word = [&](std::string_view word) {
    return find_after(list, -1, [&](const Token& t) { return raises_to(t.text, word); }) !=
           no_index;
  };
  if (has_word("CREATE") && has_word("TABLE") && !has_word("AS")) return;
  const auto name = [](const Token& t) { return is_name(t.type); };
  for (int at = find_after(list, -1, name); at != no_index; at = find_after(list, at, name)) {
    const int next = next_index(list, at);
    if (next == no_index || part_at(list, next)->group != Group::Parenthesis) continue;
    const int over = next_index(list, next);
    const bool has_over = over != no_index && part_at(list, over)->group == Group::Over;
    group_parts(list, arena, Group::Function, at, has_over ? over : next, false);
  }
}

void group_where(Token& list, Arena& arena) {
  const auto where = [](const Token& t) { return t.matches(TokenType::Keyword, "WHERE"); };
  const auto ends = [](const Token& t) {
    return is_keyword_of(t, {"ORDER BY", "GROUP BY", "LIMIT", "UNION", "UNION ALL", "EXCEPT",
                             "INTERSECT", "HAVING", "RETURNING", "INTO"});
  };
  const bool bracketed = one_of(list.group, {Group::Parenthesis, Group::SquareBrackets});
  for (int at = find_after(list, -1, where); at != no_index; at = find_after(list, at, where)) {
    const int end = find_after(list, at, ends);
    const int size = static_cast<int>(list.parts.size());
    const int last = end != no_index ? end - 1 : size - (bracketed ? 2 : 1);
    group_parts(list, arena, Group::Where, at, last, false);
  }
}

void group_identifiers(Token& list, Arena& arena) {
  for (int at = 0; at < static_cast<int>(list.parts.size()); ++at) {
    if (one_of(part_at(list, at)->type, {TokenType::StringSymbol, TokenType::Name})) {
      group_parts(list, arena, Group::Identifier, at, at, false);
    }
  }
}

void group_order(Token& list, Arena& arena) {
  const auto order = [](const Token& t) { return t.type == TokenType::KeywordOrder; };
  for (int at = find_after(list, -1, order); at != no_index; at = find_after(list, at, order)) {
    const int previous = previous_index(list, at);
    const Token* ordered = part_at(list, previous);
    if (ordered == nullptr) continue;
    if (ordered->group == Group::Identifier || is_number(ordered->type)) {
      group_parts(list, arena, Group::Identifier, previous, at, false);
      at = previous;
    }
  }
}

void group_aliased(Token& list, Arena& arena) {
  const auto has_alias = [](const Token& t) {
    return one_of(t.group, {Group::Parenthesis, Group::Function, Group::Case, Group::Identifier,
                            Group::Operation, Group::Comparison}) ||
           is_number(t.type);
  };
  for (int at = find_after(list, -1, has_alias); at != no_index;
       at = find_after(list, at, has_alias)) {
    const int next = next_index(list, at);
    if (next != no_index && part_at(list, next)->group == Group::Identifier) {
      group_parts(list, arena, Group::Identifier, at, next, true);
    }
  }
}

void align_comments(Token& list, Arena&) {
  const auto comment = [](const Token& t) { return t.group == Group::Comment; };
  for (int at = find_after(list, -1, comment); at != no_index; at = find_after(list, at, comment)) {
    const int previous = previous_index(list, at);
    if (previous != no_index && part_at(list, previous)->is_group()) {
      append_to_group(list, previous, at);
      at = previous;
    }
  }
}

void group_values(Token& list, Arena& arena) {
  const int first =
      find_after(list, -1, [](const Token& t) { return t.matches(TokenType::Keyword, "VALUES"); });
  int last = no_index;
  if (first == no_index) return;
  for (int at = first; at != no_index; at = next_index(list, at)) {
    if (part_at(list, at)->group == Group::Parenthesis) last = at;
  }
  if (last != no_index) group_parts(list, arena, Group::Values, first, last, true);
}

}  // namespace millrace::search
