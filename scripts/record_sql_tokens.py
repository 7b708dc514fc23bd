#!/usr/bin/env python3
"""Writes store/search/sql_words.cpp: the words that sqlparse knows, read off the installed sqlparse.

Run it with the Python of an MLflow environment. The rules of sqlparse that are plain words in a row
become phrases of the table; the others are written by hand in store/search/lexer.cpp, and this
script refuses an sqlparse whose other rules are not the ones listed here.
"""

import re
import sys
import textwrap
from pathlib import Path

import sqlparse
from sqlparse import keywords, tokens
from sqlparse.lexer import Lexer

try:
    from re import _constants as constants
    from re import _parser as parser
except ImportError:
    import sre_constants as constants
    import sre_parse as parser

TARGET = Path(__file__).resolve().parent.parent / "store/search/sql_words.cpp"

TYPES = {
    tokens.Keyword: "Keyword",
    tokens.Keyword.DML: "KeywordDml",
    tokens.Keyword.DDL: "KeywordDdl",
    tokens.Keyword.DCL: "KeywordDcl",
    tokens.Keyword.CTE: "KeywordCte",
    tokens.Keyword.Order: "KeywordOrder",
    tokens.Name: "Name",
    tokens.Name.Builtin: "NameBuiltin",
    tokens.Operator: "Operator",
    tokens.Operator.Comparison: "OperatorComparison",
}

# Rules that lexer.cpp has by hand, in sqlparse's order; PHRASES stands for a run of word rules.
BY_HAND = [
    r"(--|# )\+.*?(\r\n|\r|\n|$)",
    r"(--|# ).*?(\r\n|\r|\n|$)",
    r"(\r\n|\r|\n)",
    r"\s+?",
    r":=",
    r"::",
    r"\*",
    r"`(``|[^`])*`",
    r"´(´´|[^´])*´",
    r"\?",
    r"%(\(\w+\))?s",
    r"(?<!\w)[$:?]\w+",
    r"\\\w+",
    "PHRASES",
    r"(@|##|#)[A-ZÀ-Ü]\w+",
    r"[A-ZÀ-Ü]\w*(?=\s*\.(?!\d))",
    r"(?<=\.)[A-ZÀ-Ü]\w*",
    r"[A-ZÀ-Ü]\w*(?=\()",
    r"-?0x[\dA-F]+",
    r"-?\d+(\.\d+)?E-?\d+",
    r"(?![_A-ZÀ-Ü])-?(\d+(\.\d*)|\.\d+)(?![_A-ZÀ-Ü])",
    r"(?![_A-ZÀ-Ü])-?\d+(?![_A-ZÀ-Ü])",
    r"'(''|\\'|[^'])*'",
    r'"(""|\\"|[^"])*"',
    r'(""|".*?[^\\]")',
    r"(?<![\w\])])(\[[^\]\[]+\])",
    "PHRASES",
    r"GO(\s\d+)\b",
    "PHRASES",
    r"(AT|WITH')\s+TIME\s+ZONE\s+'[^']+'",
    "PHRASES",
    r"\w[$#\w]*",
    r"[;:()\[\],\.]",
    r"(\->>?|#>>?|@>|<@|\?\|?|\?&|\-|#\-)",
    r"[<>=~!]+",
    r"[+/@#%^&|^-]+",
]


class NotWords(Exception):
    pass


def expand(parsed):
    """All texts of a pattern made of letters, blanks and options, most preferred first."""
    texts = [""]
    for op, argument in parsed:
        if op is constants.LITERAL:
            options = [chr(argument)]
        elif op is constants.SUBPATTERN:
            options = expand(argument[3])
        elif op is constants.BRANCH:
            options = [text for branch in argument[1] for text in expand(branch)]
        elif op is constants.MAX_REPEAT and argument[:2] == (0, 1):
            options = expand(argument[2]) + [""]
        elif op is constants.MAX_REPEAT and argument[:2] == (1, constants.MAXREPEAT):
            if list(argument[2]) != [(constants.IN, [(constants.CATEGORY, constants.CATEGORY_SPACE)])]:
                raise NotWords
            options = [" "]
        else:
            raise NotWords
        texts = [text + option for text in texts for option in options]
    return texts


def phrases_of(pattern):
    parsed = list(parser.parse(pattern))
    if parsed[-1] != (constants.AT, constants.AT_BOUNDARY):
        raise NotWords
    phrases = expand(parsed[:-1])
    if not all(re.fullmatch(r"[A-Z_]+( [A-Z_]+)*", phrase) for phrase in phrases):
        raise NotWords
    return phrases


def read_rules():
    """The phrase table, split where the hand-written rules for names come between."""
    by_hand, runs = [], []
    for pattern, token_type in keywords.SQL_REGEX:
        try:
            found = [(phrase, TYPES[token_type]) for phrase in phrases_of(pattern)]
        except NotWords:
            by_hand.append(pattern)
            continue
        if by_hand[-1:] != ["PHRASES"]:
            by_hand.append("PHRASES")
            runs.append([])
        runs[-1] += found
    if by_hand != BY_HAND:
        sys.exit(f"sqlparse {sqlparse.__version__} has other rules than lexer.cpp: {by_hand}")
    return runs[0], list(dict.fromkeys(phrase for run in runs[1:] for phrase in run))


def read_keywords():
    """Token type -> its words, of those that the keyword rule can produce."""
    merged = {}
    for words in Lexer.get_default_instance()._keywords:
        for word, token_type in words.items():
            merged.setdefault(word, token_type)
    by_type = {}
    for word, token_type in sorted(merged.items()):
        if re.fullmatch(r"\w[$#\w]*", word) and token_type is not tokens.Name:
            by_type.setdefault(TYPES[token_type], []).append(word)
    return by_type


def phrase_table(name, phrases):
    rows = "".join(f'    {{"{phrase}", TokenType::{token_type}}},\n' for phrase, token_type in phrases)
    return f"constexpr Phrase {name}_rows[] = {{\n{rows}}};\n"


def keyword_table(by_type):
    rows = []
    for token_type, words in sorted(by_type.items()):
        lines = textwrap.wrap(" ".join(words), 90)
        text = "\n".join(f'     "{line} "' for line in lines)
        rows.append(f"    {{TokenType::{token_type},\n{text}}},\n")
    return "constexpr WordList keyword_rows[] = {\n" + "".join(rows) + "};\n"


def main():
    early, late = read_rules()
    TARGET.write_text(
        f"// Generated by scripts/record_sql_tokens.py from sqlparse {sqlparse.__version__}.\n"
        "// clang-format off\n"
        '#include "store/search/sql_words.h"\n\n'
        "namespace millrace::search {\nnamespace {\n\n"
        f"{phrase_table('early_phrase', early)}\n"
        f"{phrase_table('late_phrase', late)}\n"
        f"{keyword_table(read_keywords())}\n"
        "}  // namespace\n\n"
        "const std::span<const Phrase> early_phrases = early_phrase_rows;\n"
        "const std::span<const Phrase> late_phrases = late_phrase_rows;\n"
        "const std::span<const WordList> keyword_lists = keyword_rows;\n\n"
        "}  // namespace millrace::search\n"
    )


if __name__ == "__main__":
    main()
