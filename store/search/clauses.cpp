#include "store/search/clauses.h"

#include <algorithm>
#include <vector>

#include "store/common/error.h"
#include "store/search/statements.h"
#include "store/text/python_text.h"

namespace millrace::search {
namespace {

// A comparison's tokens without blanks: its own, or what MLflow joins to one. `op` stands for the
// middle ones where it is joined of several.
struct Candidate {
  std::vector<const Token*> tokens;
  std::string op;
};

struct Sorted {
  std::vector<Candidate> comparisons;
  std::vector<const Token*> leftovers;
};

bool is_keyword_word(const Token& token, std::string_view word) {
  return token.matches(TokenType::Keyword, word);
}

void add_single(const Token& token, Sorted& sorted) {
  if (token.group == Group::Comparison) {
    Candidate& candidate = sorted.comparisons.emplace_back();
    for (const Token* part : token.parts) {
      if (!part->is_blank()) candidate.tokens.push_back(part);
    }
  } else if (!is_keyword_word(token, "AND")) {
    sorted.leftovers.push_back(&token);
  }
}

// How many of the tokens, from an identifier on, MLflow joins to a comparison; 0 for none.
std::size_t join(const std::vector<const Token*>& tokens, std::size_t at, Sorted& sorted) {
  const Token& second = *tokens[at + 1];
  const Token& third = *tokens[at + 2];
  if (is_keyword_word(second, "IN") && third.group == Group::Parenthesis) {
    sorted.comparisons.push_back({{tokens[at], &second, &third}, "IN"});
    return 3;
  }
  if (is_keyword_word(second, "IS") && is_keyword_word(third, "NULL")) {
    sorted.comparisons.push_back({{tokens[at]}, "IS NULL"});
    return 3;
  }
  if (is_keyword_word(second, "IS") && is_keyword_word(third, "NOT NULL")) {
    sorted.comparisons.push_back({{tokens[at]}, "IS NOT NULL"});
    return 3;
  }
  if (at + 3 < tokens.size() && is_keyword_word(second, "NOT") && is_keyword_word(third, "IN") &&
      tokens[at + 3]->group == Group::Parenthesis) {
    sorted.comparisons.push_back({{tokens[at], &second, tokens[at + 3]}, "NOT IN"});
    return 4;
  }
  return 0;
}

// An identifier takes the three tokens behind it along, whatever they are: MLflow does not look
// for a comparison among them again.
Sorted sort_tokens(const Token& statement) {
  std::vector<const Token*> tokens;
  for (const Token* part : statement.parts) {
    if (!part->is_blank()) tokens.push_back(part);
  }
  Sorted sorted;
  for (std::size_t at = 0; at < tokens.size();) {
    std::size_t taken = 1;
    if (tokens[at]->group == Group::Identifier && tokens.size() - at >= 3) {
      const std::size_t joined = join(tokens, at, sorted);
      at += joined;
      if (joined > 0) continue;
      taken = std::min<std::size_t>(4, tokens.size() - at);
    }
    for (const std::size_t end = at + taken; at < end; ++at) add_single(*tokens[at], sorted);
  }
  return sorted;
}

void refuse_leftovers(const std::vector<const Token*>& leftovers) {
  if (leftovers.empty()) return;
  std::string texts;
  for (const Token* token : leftovers) {
    if (!texts.empty()) texts += ", ";
    texts += token->text;
  }
  throw_invalid_parameter("Invalid clause(s) in filter string: " + texts);
}

Clause checked_clause(const Candidate& candidate) {
  const std::string problem = "Invalid comparison clause. Expected ";
  const bool null_test = candidate.tokens.size() == 1;
  if (!null_test && candidate.tokens.size() != 3) {
    throw_invalid_parameter(problem + "3 tokens found " + std::to_string(candidate.tokens.size()));
  }
  const Token& left = *candidate.tokens.front();
  if (left.group != Group::Identifier) {
    throw_invalid_parameter(problem + "'Identifier' found '" + std::string(left.text) + "'");
  }
  if (null_test) return {&left, candidate.op, nullptr};
  const bool joined = !candidate.op.empty();
  return {&left, joined ? candidate.op : upper(candidate.tokens[1]->text), candidate.tokens[2]};
}

}  // namespace

void each_clause(std::string_view filter, const std::function<void(const Clause&)>& sink) {
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
  const Sorted sorted = sort_tokens(*statements.front());
  refuse_leftovers(sorted.leftovers);
  for (const Candidate& candidate : sorted.comparisons) sink(checked_clause(candidate));
}

}  // namespace millrace::search
