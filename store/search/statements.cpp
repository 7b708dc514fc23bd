#include "store/search/statements.h"

#include <algorithm>
#include <string>

#include "store/common/error.h"
#include "store/search/grouping.h"
#include "store/search/lexer.h"
#include "store/search/lexer_rules.h"

namespace millrace::search {
namespace {

constexpr std::size_t max_tokens = 100'000;

// How deep the tokens so far are in blocks and parentheses, by which sqlparse decides whether a
// semicolon ends the statement (sqlparse.engine.StatementSplitter).
class BlockDepth {
 public:
  void add(const Lexeme& lexeme);
  bool splits_at_semicolon() const { return level_ <= 0 && !in_begin(); }

 private:
  bool in_begin() const {
    return std::find(blocks_.begin(), blocks_.end(), "BEGIN") != blocks_.end();
  }
  bool top_is(std::string_view word) const { return !blocks_.empty() && blocks_.back() == word; }
  int change(const Lexeme& lexeme);
  int change_at_semicolon();
  int change_at_keyword(TokenType type, const std::string& word);
  bool opens_nested(const std::string& word, int& change);
  int close(const std::string& word);
  void push(std::string_view word) { blocks_.push_back(word); }

  std::vector<std::string_view> blocks_;  // views of literals
  std::string_view unconfirmed_loop_;
  bool is_create_ = false;
  bool seen_begin_ = false;
  int level_ = 0;
};

int BlockDepth::change_at_semicolon() {
  unconfirmed_loop_ = {};
  if (!seen_begin_) return 0;
  seen_begin_ = false;
  if (!top_is("BEGIN")) return 0;
  blocks_.pop_back();
  return -1;
}

// Loops and conditions count only inside BEGIN.
bool BlockDepth::opens_nested(const std::string& word, int& change) {
  change = 0;
  if (word == "FOR" || word == "WHILE") {
    unconfirmed_loop_ = word == "FOR" ? "FOR" : "WHILE";
    return true;
  }
  if ((word == "LOOP" || word == "DO") && !unconfirmed_loop_.empty()) {
    push(unconfirmed_loop_);
    unconfirmed_loop_ = {};
    change = 1;
    return true;
  }
  if (word == "LOOP" || word == "IF" || word == "CASE") {
    push(word == "LOOP" ? "LOOP" : word == "IF" ? "IF" : "CASE");
    change = 1;
    return true;
  }
  return false;
}

int BlockDepth::close(const std::string& word) {
  if (word == "END") {
    if (!blocks_.empty()) blocks_.pop_back();
    return -1;
  }
  bool closes = false;
  if (word == "END LOOP") {
    closes = top_is("LOOP") || top_is("FOR") || top_is("WHILE");
  } else if (word == "END IF" || word == "END FOR" || word == "END WHILE" || word == "END CASE") {
    closes = top_is(std::string_view(word).substr(4));
  }
  if (closes) blocks_.pop_back();
  return closes ? -1 : 0;
}

int BlockDepth::change_at_keyword(TokenType type, const std::string& word) {
  if (type == TokenType::KeywordDdl && word.starts_with("CREATE")) {
    is_create_ = true;
    return 0;
  }
  if (word == "DECLARE" && is_create_ && blocks_.empty()) {
    push("DECLARE");
    return 1;
  }
  if (word == "BEGIN") {
    seen_begin_ = true;
    if (top_is("DECLARE")) {
      blocks_.back() = "BEGIN";
      return 0;
    }
    push("BEGIN");
    return 1;
  }
  // BEGIN TRANSACTION and its like open no block.
  constexpr std::string_view transaction[] = {"TRANSACTION", "WORK",      "TRAN",     "DISTRIBUTED",
                                              "DEFERRED",    "IMMEDIATE", "EXCLUSIVE"};
  if (seen_begin_ && type == TokenType::Keyword &&
      std::find(std::begin(transaction), std::end(transaction), word) != std::end(transaction)) {
    seen_begin_ = false;
    if (!top_is("BEGIN")) return 0;
    blocks_.pop_back();
    return -1;
  }
  int change = 0;
  if (in_begin() && opens_nested(word, change)) return change;
  return close(word);
}

int BlockDepth::change(const Lexeme& lexeme) {
  if (lexeme.type == TokenType::Punctuation) {
    if (lexeme.text == ";") return change_at_semicolon();
    if (lexeme.text == "(") return 1;
    if (lexeme.text == ")") return -1;
  }
  return is_keyword(lexeme.type) ? change_at_keyword(lexeme.type, upper(lexeme.text)) : 0;
}

void BlockDepth::add(const Lexeme& lexeme) {
  level_ += change(lexeme);
  const bool quiet = is_whitespace(lexeme.type) || lexeme.type == TokenType::CommentSingle ||
                     lexeme.type == TokenType::CommentMultiline;
  const bool begin = lexeme.type == TokenType::Keyword && raises_to(lexeme.text, "BEGIN");
  if (!quiet && !begin) seen_begin_ = false;
}

// GO, alone or with a count, ends a statement; not so in lower case.
bool is_go(const Lexeme& lexeme) {
  if (lexeme.type != TokenType::Keyword || !lexeme.text.starts_with("GO")) return false;
  return lexeme.text.size() == 2 || rules::is_space(rules::code_point_at(lexeme.text, 2));
}

std::string_view joined(const std::vector<Token*>& parts) {
  const char* begin = parts.front()->text.data();
  const std::string_view last = parts.back()->text;
  return {begin, static_cast<std::size_t>(last.data() + last.size() - begin)};
}

// Cuts the lexemes of a text into statements.
class Splitter {
 public:
  explicit Splitter(ParsedSql& parsed) : parsed_(parsed) {}

  void add(const Lexeme& lexeme) {
    const bool belongs_behind =
        lexeme.type == TokenType::Whitespace || lexeme.type == TokenType::CommentSingle;
    if (ended_ && !belongs_behind) finish();
    depth_.add(lexeme);
    Token& token = parsed_.arena.emplace_back();
    token.type = lexeme.type;
    token.text = lexeme.text;
    parts_.push_back(&token);
    const bool semicolon = lexeme.type == TokenType::Punctuation && lexeme.text == ";";
    if ((semicolon && depth_.splits_at_semicolon()) || is_go(lexeme)) ended_ = true;
  }

  void end() {
    const auto blank = [](const Token* token) { return token->is_blank(); };
    if (!std::all_of(parts_.begin(), parts_.end(), blank)) finish();
  }

 private:
  void finish() {
    Token& statement = parsed_.arena.emplace_back();
    statement.group = Group::Statement;
    statement.text = joined(parts_);
    statement.parts = std::move(parts_);
    parsed_.statements.push_back(&statement);
    parts_.clear();
    depth_ = BlockDepth();
    ended_ = false;
  }

  ParsedSql& parsed_;
  std::vector<Token*> parts_;
  BlockDepth depth_;
  bool ended_ = false;
};

}  // namespace

ParsedSql try_parse_sql(std::string_view text) {
  constexpr std::string_view too_many = "Maximum number of tokens exceeded (10000).";
  ParsedSql parsed;
  Splitter splitter(parsed);
  for (Lexer lexer(text); !lexer.done();) {
    splitter.add(lexer.next());
    if (parsed.arena.size() <= max_tokens) continue;
    parsed.refusal = too_many;
    return parsed;
  }
  splitter.end();
  for (Token* statement : parsed.statements) {
    const bool many = statement->parts.size() > max_group_tokens;
    if (group_statement(*statement, parsed.arena)) continue;
    parsed.refusal = many ? too_many : "Maximum grouping depth exceeded (100).";
    break;
  }
  return parsed;
}

ParsedSql parse_sql(std::string_view text, std::string_view what) {
  ParsedSql parsed = try_parse_sql(text);
  if (parsed.refusal.empty()) return parsed;
  throw_invalid_parameter("Error on parsing " + std::string(what) + " '" + std::string(text) + "'");
}

}  // namespace millrace::search
