#include "store/search/lexer.h"

#include <algorithm>

#include "store/search/lexer_rules.h"
#include "store/search/sql_words.h"
#include "store/text/python_text.h"

namespace millrace::search {
namespace {

struct Match {
  std::size_t end = 0;
  TokenType type = TokenType::Error;
};

using Keywords = std::unordered_map<std::string_view, TokenType>;

Keywords read_keyword_lists() {
  Keywords keywords;
  for (const WordList& list : keyword_lists) {
    for (std::string_view rest = list.words; !rest.empty();) {
      const std::size_t blank = rest.find(' ');
      keywords.emplace(rest.substr(0, blank), list.type);
      rest.remove_prefix(blank + 1);
    }
  }
  return keywords;
}

TokenType word_type(std::string_view word) {
  static const Keywords keywords = read_keyword_lists();
  const auto found = keywords.find(upper(word));
  return found == keywords.end() ? TokenType::Name : found->second;
}

Match match_phrase(std::string_view text, std::size_t position, std::span<const Phrase> phrases) {
  if (!rules::starts_word(rules::code_point_at(text, position))) return {};
  for (const Phrase& phrase : phrases) {
    if (const std::size_t end = rules::phrase(text, position, phrase.words)) {
      return {end, phrase.type};
    }
  }
  return {};
}

Match match_blank(std::string_view text, std::size_t position) {
  if (const std::size_t end = rules::new_line(text, position)) return {end, TokenType::Newline};
  if (!rules::is_space(rules::code_point_at(text, position))) return {};
  std::size_t end = position;
  python::next_code_point(text, end);
  return {end, TokenType::Whitespace};
}

Match match_sign(std::string_view text, std::size_t position) {
  const std::string_view two = text.substr(position, 2);
  if (two == ":=") return {position + 2, TokenType::Assignment};
  if (two == "::") return {position + 2, TokenType::Punctuation};
  if (text[position] == '*') return {position + 1, TokenType::Wildcard};
  return {};
}

struct Rule {
  std::size_t (*match)(std::string_view, std::size_t);
  TokenType type;
};

template <char quote>
std::size_t quoted_by(std::string_view text, std::size_t position) {
  return rules::quoted_string(text, position, quote);
}

constexpr Rule name_rules[] = {
    {rules::quoted_name, TokenType::Name},
    {rules::placeholder, TokenType::NamePlaceholder},
    {rules::command, TokenType::Command},
};

constexpr Rule value_rules[] = {
    {rules::marked_name, TokenType::Name},
    {rules::plain_name, TokenType::Name},
    {rules::hexadecimal, TokenType::NumberHexadecimal},
    {rules::floating_point, TokenType::NumberFloat},
    {rules::integer, TokenType::NumberInteger},
    {quoted_by<'\''>, TokenType::StringSingle},
    {quoted_by<'"'>, TokenType::StringSymbol},
    {rules::bracketed_name, TokenType::Name},
    {rules::go_count, TokenType::Keyword},
    {rules::time_zone_cast, TokenType::KeywordTzCast},
};

Match match_rules(std::string_view text, std::size_t position, std::span<const Rule> rules) {
  for (const Rule& rule : rules) {
    if (const std::size_t end = rule.match(text, position)) return {end, rule.type};
  }
  return {};
}

Match match_rest(std::string_view text, std::size_t position) {
  if (const std::size_t end = rules::word(text, position)) {
    return {end, word_type(text.substr(position, end - position))};
  }
  if (std::string_view(";:()[],.").find(text[position]) != std::string_view::npos) {
    return {position + 1, TokenType::Punctuation};
  }
  if (const std::size_t end = rules::json_operator(text, position)) {
    return {end, TokenType::Operator};
  }
  if (const std::size_t end = rules::run_of(text, position, "<>=~!")) {
    return {end, TokenType::OperatorComparison};
  }
  if (const std::size_t end = rules::run_of(text, position, "+/@#%^&|-")) {
    return {end, TokenType::Operator};
  }
  std::size_t end = position;
  python::next_code_point(text, end);
  return {end, TokenType::Error};
}

// The rules in sqlparse's order.
Match match_at(std::string_view text, std::size_t position) {
  if (const std::size_t end = rules::line_comment(text, position)) {
    const bool hint = text.substr(position + 2, 1) == "+";
    return {end, hint ? TokenType::CommentSingleHint : TokenType::CommentSingle};
  }
  if (const Match match = match_blank(text, position); match.end != 0) return match;
  if (const Match match = match_sign(text, position); match.end != 0) return match;
  if (const Match match = match_rules(text, position, name_rules); match.end != 0) return match;
  if (const Match match = match_phrase(text, position, early_phrases); match.end != 0) return match;
  if (const Match match = match_rules(text, position, value_rules); match.end != 0) return match;
  if (const Match match = match_phrase(text, position, late_phrases); match.end != 0) return match;
  return match_rest(text, position);
}

// The end of the delimiter `$tag$` that begins at the position, or 0.
std::size_t dollar_tag_end(std::string_view text, std::size_t position) {
  std::size_t end = position + 1;
  const char32_t first = rules::code_point_at(text, end);
  if (first == U'_' || rules::starts_word(first)) {
    python::next_code_point(text, end);
    end = rules::skip_word(text, end);
  }
  return end < text.size() && text[end] == '$' ? end + 1 : 0;
}

}  // namespace

Lexer::Lexer(std::string_view text) : text_(text) {
  for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
    if (const std::size_t end = dollar_tag_end(text, at)) {
      dollar_tags_[text.substr(at, end - at)].push_back(at);
    }
  }
}

std::size_t Lexer::comment_end() {
  if (!comment_closers_left_ || text_.substr(position_, 2) != "/*") return 0;
  const bool hint = text_.substr(position_ + 2, 1) == "+";
  const std::size_t closer = text_.find("*/", position_ + (hint ? 3 : 2));
  comment_closers_left_ = closer != std::string_view::npos;
  return comment_closers_left_ ? closer + 2 : 0;
}

std::size_t Lexer::dollar_literal_end() const {
  if (text_[position_] != '$') return 0;
  const std::size_t opened = dollar_tag_end(text_, position_);
  const char32_t before = rules::code_point_before(text_, position_);
  if (opened == 0 || before == U'"' || before == U'$' || python::is_word(before)) return 0;
  const std::string_view tag = text_.substr(position_, opened - position_);
  const std::vector<std::size_t>& places = dollar_tags_.at(tag);
  const auto closer = std::lower_bound(places.begin(), places.end(), opened);
  return closer == places.end() ? 0 : *closer + tag.size();
}

Lexeme Lexer::next() {
  Match match;
  if (const std::size_t comment = comment_end()) {
    const bool hint = text_[position_ + 2] == '+';
    match = {comment, hint ? TokenType::CommentMultilineHint : TokenType::CommentMultiline};
  } else if (const std::size_t literal = dollar_literal_end()) {
    match = {literal, TokenType::Literal};
  } else {
    match = match_at(text_, position_);
  }
  const Lexeme lexeme{match.type, text_.substr(position_, match.end - position_)};
  position_ = match.end;
  return lexeme;
}

}  // namespace millrace::search
