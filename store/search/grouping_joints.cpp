#include "store/search/grouping_joints.h"

#include "store/search/token_list.h"

namespace millrace::search {
namespace {

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
         is_plain_value(t.type) || (is_keyword(t.type) && raises_to(t.text, "NULL"));
}

bool is_as(const Token& t) { return is_keyword(t.type) && raises_to(t.text, "AS"); }
bool may_have_alias(const Token& t) { return !is_keyword(t.type) || raises_to(t.text, "NULL"); }
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

constexpr Joint value_joint_rows[] = {
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

}  // namespace

const Joint period_joint = {
    Group::Identifier, is_period, may_own_member, anything, member_range, true, true};
const Joint array_joint = {Group::Identifier, is_brackets, may_be_indexed, anything,
                           to_middle,         true,        false};
const std::span<const Joint> value_joints = value_joint_rows;
const Joint assignment_joint = {Group::Assignment,
                                is_assignment,
                                may_be_assigned,
                                if_present<may_be_assigned>,
                                assignment_range,
                                true,
                                true};
const Joint list_joint = {
    Group::IdentifierList, is_comma, may_be_listed, if_present<may_be_listed>, whole, true, true};

}  // namespace millrace::search
