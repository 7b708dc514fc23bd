#include "store/search/grouping.h"

#include <algorithm>
#include <iterator>

#include "store/search/grouping_joints.h"
#include "store/search/grouping_passes.h"
#include "store/search/token_list.h"

namespace millrace::search {
namespace {

constexpr int max_depth = 100;

bool exceeds_limits(const Token& list, int depth) {
  return depth > max_depth || list.parts.size() > max_group_tokens;
}

// Groups between two marks: brackets, CASE .. END and so on.
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

// Inner groups first; groups of the kind `closed` are not entered.
void run_inside_first(Token& list, Arena& arena, Group closed, Pass pass) {
  for (std::size_t index = 0; index < list.parts.size(); ++index) {
    Token& part = *list.parts[index];
    if (part.is_group() && part.group != closed) run_inside_first(part, arena, closed, pass);
  }
  pass(list, arena);
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
  if (!joined(period_joint) || !joined(array_joint)) return false;
  inside_first(Group::Identifier, group_identifiers);
  inside_first(Group::Identifier, group_order);
  if (!std::all_of(value_joints.begin(), value_joints.end(), joined)) return false;
  inside_first(Group::None, group_aliased);
  if (!joined(assignment_joint)) return false;
  inside_first(Group::None, align_comments);
  if (!joined(list_joint)) return false;
  group_values(statement, arena);
  return true;
}

}  // namespace millrace::search
