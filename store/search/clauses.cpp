#include "store/search/clauses.h"

#include <algorithm>
#include <vector>

#include "store/common/error.h"
#include "store/search/statements.h"
#include "store/text/python_text.h"

namespace millrace::search {
namespace {

bool is_keyword_word(const Token& token, std::string_view word) {
  return token.matches(TokenType::Keyword, word);
}

Stretch single(const Token& token) {
  Stretch stretch;
  stretch.text = token.text;
  if (token.group != Group::Comparison) return stretch;
  stretch.is_comparison = true;
  for (const Token* part : token.parts) {
    if (!part->is_blank()) stretch.parts.push_back(part);
  }
  return stretch;
}

Stretch joined(std::vector<const Token*> parts, std::string op) {
  Stretch stretch;
  stretch.text = std::string(parts.front()->text) + op;
  stretch.is_comparison = true;
  stretch.parts = std::move(parts);
  stretch.op = std::move(op);
  return stretch;
}

// How many of the tokens, from an identifier on, MLflow joins to a comparison; 0 for none.
std::size_t join(const std::vector<const Token*>& tokens, std::size_t at,
                 std::vector<Stretch>& stretches) {
  const Token& second = *tokens[at + 1];
  const Token& third = *tokens[at + 2];
  if (is_keyword_word(second, "IN") && third.group == Group::Parenthesis) {
    stretches.push_back(joined({tokens[at], &second, &third}, "IN"));
    return 3;
  }
  if (is_keyword_word(second, "IS") && is_keyword_word(third, "NULL")) {
    stretches.push_back(joined({tokens[at]}, "IS NULL"));
    return 3;
  }
  if (is_keyword_word(second, "IS") && is_keyword_word(third, "NOT NULL")) {
    stretches.push_back(joined({tokens[at]}, "IS NOT NULL"));
    return 3;
  }
  if (at + 3 < tokens.size() && is_keyword_word(second, "NOT") && is_keyword_word(third, "IN") &&
      tokens[at + 3]->group == Group::Parenthesis) {
    stretches.push_back(joined({tokens[at], &second, tokens[at + 3]}, "NOT IN"));
    return 4;
  }
  return 0;
}

void refuse_leftovers(const std::vector<Stretch>& stretches, Leftovers form) {
  const std::string_view quote = form == Leftovers::Quoted ? "'" : "";
  std::string texts;
  for (const Stretch& stretch : stretches) {
    if (stretch.is_comparison || stretch.is_and) continue;
    if (!texts.empty()) texts += ", ";
    texts += quote;
    texts += stretch.text;
    texts += quote;
  }
  if (!texts.empty()) throw_invalid_parameter("Invalid clause(s) in filter string: " + texts);
}

Clause checked_clause(const Stretch& stretch) {
  const std::string problem = "Invalid comparison clause. Expected ";
  const bool null_test = stretch.parts.size() == 1;
  if (!null_test && stretch.parts.size() != 3) {
    throw_invalid_parameter(problem + "3 tokens found " + std::to_string(stretch.parts.size()));
  }
  const Token& left = *stretch.parts.front();
  if (left.group != Group::Identifier) {
    throw_invalid_parameter(problem + "'Identifier' found '" + std::string(left.text) + "'");
  }
  if (null_test) return {&left, stretch.op, stretch.op, nullptr};
  const std::string middle(stretch.parts[1]->text);
  const bool as_written = stretch.op.empty() || stretch.op == "IN";
  return {&left, stretch.upper_op(), as_written ? middle : stretch.op, stretch.parts[2]};
}

}  // namespace

std::string Stretch::upper_op() const { return op.empty() ? upper(parts[1]->text) : op; }

// An identifier takes the three tokens behind it along, whatever they are: MLflow does not look
// for a comparison among them again.
std::vector<Stretch> split_clauses(const Token& statement) {
  std::vector<const Token*> tokens;
  for (const Token* part : statement.parts) {
    if (!part->is_blank()) tokens.push_back(part);
  }
  std::vector<Stretch> stretches;
  for (std::size_t at = 0; at < tokens.size();) {
    std::size_t taken = 1;
    if (tokens[at]->group == Group::Identifier && tokens.size() - at >= 3) {
      const std::size_t joined = join(tokens, at, stretches);
      at += joined;
      if (joined > 0) continue;
      taken = std::min<std::size_t>(4, tokens.size() - at);
    }
    for (const std::size_t end = at + taken; at < end; ++at) {
      stretches.push_back(single(*tokens[at]));
      stretches.back().is_and = is_keyword_word(*tokens[at], "AND");
    }
  }
  return stretches;
}

void each_clause(std::string_view filter, const std::function<void(const Clause&)>& sink,
                 Leftovers leftovers) {
  if (filter.empty()) return;
  const ParsedSql parsed = parse_sql(filter, "filter");
  const std::vector<Token*>& statements = parsed.statements;
  if (statements.empty()) {
    throw_invalid_parameter("Invalid filter '" + std::string(filter) + "'. Could not be parsed.");
  }
  if (statements.size() > 1) {
    throw_invalid_parameter("Search filter contained multiple expression " + python::repr(filter) +
                            ". Provide AND-ed expression list.");
  }
  const std::vector<Stretch> stretches = split_clauses(*statements.front());
  refuse_leftovers(stretches, leftovers);
  for (const Stretch& stretch : stretches) {
    if (stretch.is_comparison) sink(checked_clause(stretch));
  }
}

}  // namespace millrace::search
