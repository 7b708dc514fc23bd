#include <algorithm>

#include "api/graphql/document.h"
#include "api/graphql/lexer.h"

namespace millrace::graphql {
namespace {

// The web UI's queries have one fragment at most and some hundred tokens.
constexpr std::size_t kMaximumNesting = 200;
constexpr std::size_t kMaximumFragments = 200;
constexpr std::size_t kMaximumTokens = 15'000;
constexpr std::size_t kMaximumBytes = std::size_t{1} << 20U;

class Parser {
 public:
  explicit Parser(std::string_view source) : lexer_(source) { advance(); }

  Document document() {
    Document document;
    do {
      if (token_.is("{") || is_name("query") || is_name("mutation") || is_name("subscription")) {
        document.operations.push_back(operation());
      } else if (is_name("fragment")) {
        document.fragments.push_back(fragment());
        if (document.fragments.size() > kMaximumFragments) refuse("fewer fragments");
      } else {
        refuse("an operation or a fragment");
      }
    } while (token_.kind != Token::Kind::End);
    return document;
  }

 private:
  // Counts the levels of what nests.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > kMaximumNesting) parser_.refuse("less nesting");
    }
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& parser_;
  };

  void advance() {
    token_ = lexer_.next();
    if (++count_ > kMaximumTokens) refuse("a shorter query");
  }
  [[noreturn]] void refuse(std::string_view expected) const {
    const bool end = token_.kind == Token::Kind::End;
    throw_syntax_error("expected " + std::string(expected) +
                       (end ? " at the end" : ", found '" + token_.text + "'"));
  }
  bool is_name(std::string_view name) const {
    return token_.kind == Token::Kind::Name && token_.text == name;
  }
  bool accept(std::string_view punctuator) {
    if (!token_.is(punctuator)) return false;
    advance();
    return true;
  }
  void expect(std::string_view punctuator) {
    if (!accept(punctuator)) refuse(punctuator);
  }
  std::string name() {
    if (token_.kind != Token::Kind::Name) refuse("a name");
    std::string text = std::move(token_.text);
    advance();
    return text;
  }

  Operation operation() {
    Operation operation;
    operation.type = "query";
    if (!token_.is("{")) {
      operation.type = name();
      if (token_.kind == Token::Kind::Name) operation.name = name();
      if (accept("(")) {
        do {
          operation.variables.push_back(variable_definition());
        } while (!accept(")"));
      }
      operation.directives = directives();
    }
    operation.selections = selections();
    return operation;
  }

  VariableDefinition variable_definition() {
    VariableDefinition variable;
    expect("$");
    variable.name = name();
    expect(":");
    variable.type = type();
    if (accept("=")) variable.default_value = value(true);
    directives();
    return variable;
  }

  TypeReference type() {
    const Level level(*this);
    TypeReference result;
    if (accept("[")) {
      result.item.push_back(type());
      expect("]");
    } else {
      result.name = name();
    }
    result.non_null = accept("!");
    return result;
  }

  Fragment fragment() {
    Fragment fragment;
    advance();
    if (is_name("on")) refuse("the fragment's name");
    fragment.name = name();
    if (!is_name("on")) refuse("on");
    advance();
    fragment.type_condition = name();
    fragment.directives = directives();
    fragment.selections = selections();
    return fragment;
  }

  std::vector<Selection> selections() {
    const Level level(*this);
    std::vector<Selection> list;
    expect("{");
    do {
      list.push_back(accept("...") ? fragment_selection() : field());
    } while (!accept("}"));
    return list;
  }

  Selection field() {
    Selection field;
    field.name = name();
    if (accept(":")) {
      field.alias = std::move(field.name);
      field.name = name();
    }
    field.arguments = arguments();
    field.directives = directives();
    if (token_.is("{")) field.selections = selections();
    return field;
  }

  Selection fragment_selection() {
    Selection selection;
    if (token_.kind == Token::Kind::Name && !is_name("on")) {
      selection.kind = Selection::Kind::FragmentSpread;
      selection.name = name();
      selection.directives = directives();
      return selection;
    }
    selection.kind = Selection::Kind::InlineFragment;
    if (is_name("on")) {
      advance();
      selection.type_condition = name();
    }
    selection.directives = directives();
    selection.selections = selections();
    return selection;
  }

  std::vector<Argument> arguments() {
    std::vector<Argument> list;
    if (!accept("(")) return list;
    do {
      Argument argument;
      argument.name = name();
      expect(":");
      argument.value = value(false);
      list.push_back(std::move(argument));
    } while (!accept(")"));
    return list;
  }

  std::vector<Directive> directives() {
    std::vector<Directive> list;
    while (accept("@")) {
      Directive directive;
      directive.name = name();
      directive.arguments = arguments();
      list.push_back(std::move(directive));
    }
    return list;
  }

  Value value(bool constant) {
    const Level level(*this);
    Value value;
    if (accept("[")) {
      value.kind = Value::Kind::List;
      while (!accept("]")) value.items.push_back(this->value(constant));
      return value;
    }
    if (accept("{")) {
      value.kind = Value::Kind::Object;
      while (!accept("}")) {
        std::string field = name();
        expect(":");
        value.fields.push_back({std::move(field), this->value(constant)});
      }
      return value;
    }
    if (!constant && accept("$")) {
      value.kind = Value::Kind::Variable;
      value.text = name();
      return value;
    }
    value.kind = scalar_kind();
    value.text = std::move(token_.text);
    advance();
    return value;
  }

  Value::Kind scalar_kind() const {
    switch (token_.kind) {
      case Token::Kind::Int:
        return Value::Kind::Int;
      case Token::Kind::Float:
        return Value::Kind::Float;
      case Token::Kind::String:
        return Value::Kind::String;
      case Token::Kind::Name:
        if (token_.text == "null") return Value::Kind::Null;
        return token_.text == "true" || token_.text == "false" ? Value::Kind::Boolean
                                                               : Value::Kind::Enum;
      default:
        refuse("a value");
    }
  }

  Lexer lexer_;
  Token token_;
  std::size_t count_ = 0;  // of the tokens
  std::size_t depth_ = 0;
};

}  // namespace

Document parse_document(std::string_view source) {
  if (source.size() > kMaximumBytes)
    throw_syntax_error("expected at most " + std::to_string(kMaximumBytes) + " bytes");
  return Parser(source).document();
}

const Fragment* Document::fragment(std::string_view name) const {
  const auto found = std::find_if(fragments.begin(), fragments.end(),
                                  [&](const Fragment& fragment) { return fragment.name == name; });
  return found == fragments.end() ? nullptr : &*found;
}

std::string to_string(const TypeReference& type) {
  return (type.item.empty() ? type.name : "[" + to_string(type.item.front()) + "]") +
         (type.non_null ? "!" : "");
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
    constexpr std::string_view kNames = "\"\\bfnrt";
    const auto at = kEscaped.find(c);
    if (at == std::string_view::npos) {
      out += c;
    } else {
      out += '\\';
      out += kNames[at];
    }
  }
  return out + "\"";
}

std::string to_string(const Value& value) {
  std::string out;
  switch (value.kind) {
    case Value::Kind::Variable:
      return "$" + value.text;
    case Value::Kind::String:
      return quote(value.text);
    case Value::Kind::Null:
      return "null";
    case Value::Kind::List:
      for (const Value& item : value.items) out += (out.empty() ? "" : ", ") + to_string(item);
      return "[" + out + "]";
    case Value::Kind::Object:
      for (const auto& [name, field] : value.fields)
        out += (out.empty() ? "" : ", ") + name + ": " + to_string(field);
      return "{ " + out + " }";
    default:
      return value.text;
  }
}

}  // namespace millrace::graphql
