#include "store/search/grouping.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "store/search/token_list.h"

namespace millrace::search {
namespace {

constexpr std::size_t max_group_tokens = 10'000;
constexpr int max_depth = 100;

using Arena = std::deque<Token>;

bool exceeds_limits(const Token& list, int depth) {
  return depth > max_depth || list.parts.size() > max_group_tokens;
}

template <class T>
bool one_of(T value, std::initializer_list<T> values) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool is_keyword_of(const Token& token, std::initializer_list<std::string_view> words) {
  return token.type == TokenType::Keyword && one_of<std::string_view>(upper(token.text), words);
}

// ---- Groups between two marks: brackets, CASE .. END and so on ----

struct Enclosure {
  Group group;
  bool (*opens)(const Token&);
  bool (*closes)(const Token&);
};

constexpr Enclosure enclosures[] = {
    {Group::SquareBrackets, [](const Token& t) { return t.matches(TokenType::Punctuation, "["); },
     [](const Token& t) { return t.matches(TokenType::Punctuation, "]"); }},
    {Group::Parenthesis, [](const Token& t) { return t.matches(TokenType::Punctuation, "("); },
     [](const Token& t) { return t.matches(TokenType::Punctuation, ")"); }},
    {Group::Case, [](const Token& t) { return t.matches(TokenType::Keyword, "CASE"); },
     [](const Token& t) { return t.matches(TokenType::Keyword, "END"); }},
    {Group::If, [](const Token& t) { return t.matches(TokenType::Keyword, "IF"); },
     [](const Token& t) { return t.matches(TokenType::Keyword, "END IF"); }},
    {Group::For,
     [](const Token& t) {
       return is_keyword_of(t, {"FOR", "FOREACH"});
     },
     [](const Token& t) { return t.matches(TokenType::Keyword, "END LOOP"); }},
    {Group::Begin, [](const Token& t) { return t.matches(TokenType::Keyword, "BEGIN"); },
     [](const Token& t) { return t.matches(TokenType::Keyword, "END"); }},
};

// _group_matching. Marks without a partner stay as they are.
bool group_enclosed(Token& list, Arena& arena, const Enclosure& kind, int depth) {
  if (exceeds_limits(list, depth)) return false;
  std::vector<int> opened;
  int removed = 0;
  const std::vector<Token*> before = list.parts;
  for (int index = 0; index < static_cast<int>(before.size()); ++index) {
    Token& token = *before[static_cast<std::size_t>(index)];
    if (token.is_group() && token.group != kind.group) {
      if (!group_enclosed(token, arena, kind, depth + 1)) return false;
    } else if (kind.opens(token)) {
      opened.push_back(index - removed);
    } else if (kind.closes(token) && !opened.empty()) {
      const int last = index - removed;
      group_parts(list, arena, kind.group, opened.back(), last, false);
      removed += last - opened.back();
      opened.pop_back();
    }
  }
  return true;
}

bool is_delimiter_of(const Token& list, const Token* token) {
  const bool delimited = one_of(list.group, {Group::Parenthesis, Group::SquareBrackets, Group::Case,
                                             Group::If, Group::For, Group::Begin});
  return delimited && token != nullptr &&
         (token == list.parts.front() || token == list.parts.back());
}

// ---- Groups around a token in the middle: a.b, a::b, a = b and so on ----

using Range = std::pair<int, int>;

struct Joint {
  Group group;
  bool (*matches)(const Token&);
  bool (*valid_left)(const Token&);
  bool (*valid_right)(const Token*);
  Range (*range)(const Token& list, int left, int at, int right);
  bool extend;
  bool into_groups;
};

// _group. The walk goes over the parts as they were, while `list` changes under it: a part that a
// group has just taken in is still visited, and may stand for that group as the next left side.
// What MLflow accepts depends on it (a = b = c is one comparison).
bool group_joined(Token& list, Arena& arena, const Joint& joint, int depth) {
  if (exceeds_limits(list, depth)) return false;
  int removed = 0;
  int left_index = no_index;
  Token* left = nullptr;
  const std::vector<Token*> before = list.parts;
  for (int index = 0; index < static_cast<int>(before.size()); ++index) {
    const int at = index - removed;
    Token& token = *before[static_cast<std::size_t>(index)];
    if (at < 0 || token.is_blank()) continue;
    if (joint.into_groups && token.is_group() && token.group != joint.group &&
        !group_joined(token, arena, joint, depth + 1)) {
      return false;
    }
    if (joint.matches(token)) {
      const int right_index = next_index(list, at);
      const Token* right = part_at(list, right_index);
      if (left != nullptr && joint.valid_left(*left) && joint.valid_right(right) &&
          !is_delimiter_of(list, left) && !is_delimiter_of(list, right)) {
        const auto [first, last] = joint.range(list, left_index, at, right_index);
        left = group_parts(list, arena, joint.group, first, last, joint.extend);
        left_index = first;
        removed += last - first;
        continue;
      }
    }
    left_index = at;
    left = &token;
  }
  return true;
}

bool any(const Token&) { return true; }
bool present(const Token* token) { return token != nullptr; }
bool anything(const Token*) { return true; }
Range whole(const Token&, int left, int, int right) { return {left, right}; }
Range from_middle(const Token&, int, int at, int right) { return {at, right}; }
Range to_middle(const Token&, int left, int at, int) { return {left, at}; }

bool is_typecast(const Token& t) { return t.matches(TokenType::Punctuation, "::"); }
bool is_time_zone(const Token& t) { return t.type == TokenType::KeywordTzCast; }

bool may_follow_time_zone(const Token* t) {
  return t != nullptr && (t->is_blank() || t->matches(TokenType::Keyword, "AS") ||
                          t->type == TokenType::StringSingle);
}

bool opens_typed_literal(const Token& t) {
  return t.type == TokenType::NameBuiltin || t.matches(TokenType::Keyword, "TIMESTAMP");
}
bool is_typed_literal(const Token& t) { return t.group == Group::TypedLiteral; }
bool is_text(const Token* t) { return t != nullptr && t->type == TokenType::StringSingle; }
bool is_time_unit(const Token* t) {
  return t != nullptr && is_keyword_of(*t, {"DAY", "HOUR", "MINUTE", "MONTH", "SECOND", "YEAR"});
}

bool is_period(const Token& t) {
  return t.matches(TokenType::Punctuation, ".") || t.matches(TokenType::Operator, "->") ||
         t.matches(TokenType::Operator, "->>");
}
bool may_own_member(const Token& t) {
  return one_of(t.group, {Group::SquareBrackets, Group::Identifier}) ||
         one_of(t.type, {TokenType::Name, TokenType::StringSymbol});
}
// A period takes in what follows only if that can be a member.
Range member_range(const Token& list, int left, int at, int right) {
  const Token* next = part_at(list, right);
  const bool is_member =
      next != nullptr && (one_of(next->group, {Group::SquareBrackets, Group::Function}) ||
                          one_of(next->type, {TokenType::Name, TokenType::StringSymbol,
                                              TokenType::Wildcard, TokenType::StringSingle}));
  return {left, is_member ? right : at};
}

bool is_brackets(const Token& t) { return t.group == Group::SquareBrackets; }
bool may_be_indexed(const Token& t) {
  return one_of(t.group, {Group::SquareBrackets, Group::Identifier, Group::Function}) ||
         one_of(t.type, {TokenType::Name, TokenType::StringSymbol});
}

bool is_plain_value(TokenType type) {
  return one_of(type, {TokenType::NumberInteger, TokenType::NumberFloat, TokenType::StringSingle,
                       TokenType::StringSymbol, TokenType::Name, TokenType::NamePlaceholder});
}

bool is_operator(const Token& t) {
  return one_of(t.type, {TokenType::Operator, TokenType::Wildcard});
}
bool is_operand(const Token& t) {
  return one_of(t.group, {Group::SquareBrackets, Group::Parenthesis, Group::Function,
                          Group::Identifier, Group::Operation, Group::TypedLiteral}) ||
         is_plain_value(t.type) ||
         is_keyword_of(t, {"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"});
}
// Inside an operation `*` is an operator.
Range operation_range(const Token& list, int left, int at, int right) {
  part_at(list, at)->type = TokenType::Operator;
  return {left, right};
}

bool is_comparison_operator(const Token& t) { return t.type == TokenType::OperatorComparison; }
bool is_comparable(const Token& t) {
  return one_of(t.group, {Group::Parenthesis, Group::Function, Group::Identifier, Group::Operation,
                          Group::TypedLiteral}) ||
         is_plain_value(t.type) || (is_keyword(t.type) && upper(t.text) == "NULL");
}

bool is_as(const Token& t) { return is_keyword(t.type) && upper(t.text) == "AS"; }
bool may_have_alias(const Token& t) { return !is_keyword(t.type) || upper(t.text) == "NULL"; }
bool may_be_alias(const Token* t) {
  return t != nullptr &&
         !one_of(t->type, {TokenType::KeywordDml, TokenType::KeywordDdl, TokenType::KeywordCte});
}

bool is_assignment(const Token& t) { return t.matches(TokenType::Assignment, ":="); }
bool may_be_assigned(const Token& t) { return t.type != TokenType::Keyword; }
// An assignment goes on to the semicolon.
Range assignment_range(const Token& list, int left, int, int right) {
  const int semicolon = find_after(
      list, right, [](const Token& t) { return t.matches(TokenType::Punctuation, ";"); });
  return {left, semicolon == no_index ? right : semicolon};
}

bool is_comma(const Token& t) { return t.matches(TokenType::Punctuation, ","); }
bool may_be_listed(const Token& t) {
  return one_of(t.group, {Group::Function, Group::Case, Group::Identifier, Group::Comparison,
                          Group::IdentifierList, Group::Operation}) ||
         is_plain_value(t.type) || one_of(t.type, {TokenType::Keyword, TokenType::Wildcard});
}

template <bool (*valid)(const Token&)>
bool if_present(const Token* token) {
  return token != nullptr && valid(*token);
}

constexpr Joint period = {
    Group::Identifier, is_period, may_own_member, anything, member_range, true, true};
constexpr Joint array = {Group::Identifier, is_brackets, may_be_indexed, anything,
                         to_middle,         true,        false};
constexpr Joint late_joints[] = {
    {Group::Identifier, is_typecast, any, present, whole, true, true},
    {Group::Identifier, is_time_zone, any, may_follow_time_zone, whole, true, true},
    {Group::TypedLiteral, opens_typed_literal, any, is_text, from_middle, false, true},
    {Group::TypedLiteral, is_typed_literal, any, is_time_unit, from_middle, true, true},
    {Group::Operation, is_operator, is_operand, if_present<is_operand>, operation_range, false,
     true},
    {Group::Comparison, is_comparison_operator, is_comparable, if_present<is_comparable>, whole,
     false, true},
    {Group::Identifier, is_as, may_have_alias, may_be_alias, whole, true, true},
};
constexpr Joint assignment = {Group::Assignment,
                              is_assignment,
                              may_be_assigned,
                              if_present<may_be_assigned>,
                              assignment_range,
                              true,
                              true};
constexpr Joint identifier_list = {
    Group::IdentifierList, is_comma, may_be_listed, if_present<may_be_listed>, whole, true, true};

// ---- Passes of their own ----

using Pass = void (*)(Token& list, Arena& arena);

// Inner groups first; groups of the kind `closed` are not entered.
void run_inside_first(Token& list, Arena& arena, Group closed, Pass pass) {
  for (std::size_t index = 0; index < list.parts.size(); ++index) {
    Token& part = *list.parts[index];
    if (part.is_group() && part.group != closed) run_inside_first(part, arena, closed, pass);
  }
  pass(list, arena);
}

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
    // A letter has up to three bytes; longer texts are not raised in vain.
    const auto is_word = [&](const Token& t) {
      return t.text.size() <= 3 * word.size() && upper(t.text) == word;
    };
    return find_after(list, -1, is_word) != no_index;
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

}  // namespace

bool group_statement(Token& statement, Arena& arena) {
  const auto enclosed = [&](const Enclosure& kind) {
    return group_enclosed(statement, arena, kind, 0);
  };
  const auto joined = [&](const Joint& joint) { return group_joined(statement, arena, joint, 0); };
  const auto inside_first = [&](Group closed, Pass pass) {
    run_inside_first(statement, arena, closed, pass);
  };
  inside_first(Group::Comment, group_comments);
  if (!std::all_of(std::begin(enclosures), std::end(enclosures), enclosed)) return false;
  inside_first(Group::Over, group_over);
  inside_first(Group::Function, group_functions);
  inside_first(Group::Where, group_where);
  if (!joined(period) || !joined(array)) return false;
  inside_first(Group::Identifier, group_identifiers);
  inside_first(Group::Identifier, group_order);
  if (!std::all_of(std::begin(late_joints), std::end(late_joints), joined)) return false;
  inside_first(Group::None, group_aliased);
  if (!joined(assignment)) return false;
  inside_first(Group::None, align_comments);
  if (!joined(identifier_list)) return false;
  group_values(statement, arena);
  return true;
}

}  // namespace millrace::search
