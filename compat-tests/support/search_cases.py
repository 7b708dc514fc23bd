"""Filters and order_by texts for the comparison of the search module with MLflow's own code."""

import itertools
import random

KEYS = ["name", "version_number", "run_id", "source_path", "creation_timestamp", "current_stage",
        "attribute.name", "attributes.name", "Name", "`name`", '"name"', "tags.a", "tag.a", "Tags.a",
        "tags.a.b", "tags.`a b`", 'tags."a-b"', "tags.'a'", "tags.a-b", "tags.", "tags.order",
        "tags.version", "tags.group", "tags.t2", "tags.`mlflow.prompt.is_prompt`", "run.name", "order",
        "source", "timestamp", "5", "'name'", "a b", "name.x", ".name", "tags.`a`.`b`", "tags.#x",
        "tags.é", "é", "×", "tags. a", "attribute.version_number", "tags.ʼn", "metrics.m", "params.`p`"]
OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "LIKE", "ilike", "IN", "not in", "==", "<>", "RLIKE",
             "NOT LIKE", "not  ilike", "IS", "is not", "REGEXP", "=~", "~", "!", "between", "in", ":=",
             "liKe", "ıN", "->", "=="]
VALUES = ["'x'", '"x"', "`x`", "x", "5", "-5", "+5", "1.5", "1e5", ".5", "5.", "0x1F", "'5'", "' 5 '",
          "'1_0'", "'１'", "１２", "1.5e3", "'9223372036854775808'", "9223372036854775808", "NULL",
          "null", "NOT NULL", "true", "''", "'it''s'", "'a\\'b'", "'\\'", "'a''", "'unterminated",
          '"unterminated', "()", "('a')", "('a',)", "('a', \"b\")", "('a' 'b')", "('a' \"b\", r'\\c')",
          "(1, 2)", "('a', 1)", "(a)", "('a', b)", "(('a','b'))", "(('a'),('b'))", "(('a',),)",
          "('m\\x6d', 'é\\u00e9')", "(b'a')", "(u'a', R'b', rb'c')", "('a' b'b')", "(None, True)",
          "(-1, +2, 1.5, 1e400)", "([], ['a'])", "('''a''', \"\"\"b\nc\"\"\")", "('a\nb')", "('a'\n,'b')",
          "('\\101\\8\\q')", "('a' # c\n)", "('\\x1')", "('\\ud83d')", "(007)", "(0, 00, 1_0)", "('a'",
          "'a')", "'\u00a0'", "'\U0001F600'", "'a%_'", "$$x$$", "?", ":p", "%s", "@x", "#x", "(select 1)",
          "f('x')", "date '2020-01-01'", "timestamp '2020'", "'x' || 'y'", "1 + 1", "'x' 'y'", "[a]",
          "'x'::text", "'x' as y", "case when 1 end", "current_date"]
JOINERS = [" AND ", " and ", " ", " AND AND ", "\nAND\t", " OR ", ", ", "; ", " /* c */ ", " -- c\n",
           " AND NOT ", "", "  ", ";", " And "]
WHOLE = ["", " ", "\t\n", ";", ";;", "a='1'; b='2'", "name='a';", "name='a'; ", "name = 'a';\n", "AND",
         "AND name='a'", "name='a' AND", "(name='a')", "((name='a'))", "NOT name='a'", "name", "name =",
         "= 'a'", "name 'a'", "name = 'a' LIMIT 1", "name = 'a' ORDER BY name", "-- c", "/* c */",
         "name /* c */ = 'a'", "name = /* c */ 'a'", "name = 'a' -- c", "name = 'a' /* c */",
         "name='a' # c", "'a' = name", "'a' = 'a'", "5 = 5", "name = name", "name = a = 'b'",
         "a = b = c = d", "name IN ('a') AND", "name IN 'a'", "name IN", "name IN IN ('a')",
         "name NOT IN ('a', 'b')", "name NOT ('a')", "name IS NULL", "name IS NOT NULL", "tags.a IS NULL",
         "name IS  not  null", "'x' IS NULL", "name is", "name is not", "a b c d e f", "a, b = 'c'",
         "name = 'a', name = 'b'", "name = 'a' name IN ('b')", "name IN ('a') name = 'b'",
         "x name IN ('a')", "x, name IN ('a')", "x y name IN ('a')", "name NOT name = 'a'",
         "BEGIN name = 'a'; END", "begin a = 1; b = 2", "CREATE TABLE x", "declare; begin; end; go",
         "GO", "GO 2", "go", "GO name = 'a'", "name = 'a' GO name = 'b'", "if a then b end if",
         "case name when 'a' then 'b' end = 'c'", "where name = 'a'", "name = 'a' where b = 'c'",
         "values ('a')", "name = values ('a')", "a.b.c = 'd'", "a.*", "tags.* = 'a'", "tags[0] = 'a'",
         "tags.a[0] = 'b'", "name::text = 'a'", "name -> 'a' = 'b'", "name.", ".", "..", "tags..a = 'b'",
         "\x00", "name = '\x00'", "name = 'a' \x00", "\ufeffname = 'a'", "name\u00a0=\u00a0'a'",
         "NAME = 'a'", "name = 'a' && name = 'b'", "name = 'a' || 'b'", "over (a)", "sum(a) over (b) = 1",
         "for x loop a = 1 end loop", "x at time zone 'y' = 'z'", "for a in b loop; c; end loop; d",
         "begin for a in b loop c; end loop; end; d = 1", "begin case when a; end case; end; b = 1",
         "begin transaction; a = 1", "begin; a = 1", "( ; a = 1", ") ; a = 1", "((( ;", "x := y; z := w",
         "a b := c := d ; e", "x, y z := a := b", "a as b = 'c'", "a as b as c", "as", "( as )", "a asc = 'b'",
         "name desc desc", "1 asc asc", "date 'a' day = 1", "x date 'a' day = 1", "join = 'a'",
         "left outer join x", "name = 'a' union all name = 'b'", "tags.`a``b` = 'c'", "tags.`a",
         "tags.\"a = 'b'", "$a$ x $a$ = 'b'", "$a$ x $A$", "select * from x where name = 'a'",
         "1" * 5000 + " = 1", "version_number = " + "1" * 4301, "version_number = '" + "1" * 4301 + "'",
         "a " * 6000, "a = 1 " * 2500, "(" * 150, "(" * 99 + "a" + ")" * 99, "(" * 101 + ")" * 101,
         "a = " * 150 + "b", "1+" * 150 + "1", "name IN (" + "'a'," * 4000 + ")", "a" + " asc" * 150,
         "name = 'a' " + "/**/" * 9000, ";" * 5000, "begin " * 2000, "case " * 300 + "end " * 300,
         "[" * 300 + "]" * 300, "a," * 4000, "-- \n" * 9000 + "x", "name IN " + "(" * 90 + "'a'" + ")" * 90]

ORDER_WORDS = ["name", "Name", "timestamp", "TIMESTAMP", "last_updated_timestamp", "creation_timestamp",
               "version_number", "attribute.name", "tags.name", "tag.x", "attributes.name", "`name`",
               '"name"', "'name'", "`timestamp`", "current_stage", "tags.`name`", 'tags."version_number"',
               "attribute.`name`", "name.x", "order", "date", "`a b`", "`a'b`", '`a"b`', "'", '"', "`", "\\",
               "na\\me", "name\\", "5", "*", "é", "", "a.b", "name()", "timestamp.x", "[name]"]
DIRECTIONS = ["", " ASC", " desc", " DeSc", "  asc", "\tASC", "\nDESC", " down", " asc desc", " DESC,", " ASC;",
              " asc nulls first", ",", ";", " -- c", " /* c */", " as x", " x", " 'asc'", " `desc`", " \"ASC\"",
              "\u00a0desc", ", name"]


def filters(seed, count):
    """Every key, operator and value in some comparison, all odd texts, and `count` random ones."""
    source = random.Random(seed)
    result = list(WHOLE)
    result += [f"{key} {op} 'x'" for key, op in itertools.product(KEYS, OPERATORS)]
    result += [f"{key} {op} {value}" for key, op, value in itertools.product(
        ["name", "version_number", "tags.a", "source_path", "run_id"], ["=", "LIKE", "IN", "<"], VALUES)]
    result += [f"name{op}{value}" for op, value in itertools.product(OPERATORS, VALUES)]
    while count > 0:
        text = _random_filter(source)
        result.append(mutated(source, text) if source.random() < 0.5 else text)
        count -= 1
    return result


def orders(seed, count):
    """Lists of order_by items."""
    source = random.Random(seed)
    items = [word + direction for word, direction in itertools.product(ORDER_WORDS, DIRECTIONS)]
    result = [[item] for item in items] + [[]] + [[" " + word] for word in ORDER_WORDS]
    good = ["name", "name ASC", "`name` desc", "timestamp", "timestamp DESC", "last_updated_timestamp",
            "version_number desc", "creation_timestamp", "tags.name", "attribute.version_number ASC"]
    result += [list(pair) for pair in itertools.product(good, repeat=2)]
    for _ in range(count):
        item = source.choice(items)
        result.append([source.choice(good)] * (source.random() < 0.3) + [mutated(source, item)])
    return result


def _random_filter(source):
    parts = []
    for _ in range(source.choice([1, 1, 2, 2, 3, 5])):
        blank = source.choice(["", " ", " ", "  ", "\n"])
        parts.append(source.choice(KEYS) + blank + source.choice(OPERATORS) + source.choice(["", " "])
                     + source.choice(VALUES))
        parts.append(source.choice(JOINERS) if source.random() < 0.4 else " AND ")
    return "".join(parts[:-1])


_CHARACTERS = list(" '\"`()[].,;=<>!~*/\\-#$%@:?&|^+_\n\t\r\x00aN9é×ſKİı\u00a0\u2003\u0660") + [
    "and", " in ", " not ", "(", ")", "''", "--", "/*", "*/", "begin ", " end", "null", " as ", " desc", "case "]


def mutated(source, text):
    characters = list(text)
    for _ in range(source.choice([1, 1, 2, 4])):
        at = source.randrange(len(characters) + 1)
        change = source.random()
        if change < 0.5:
            characters.insert(at, source.choice(_CHARACTERS))
        elif change < 0.8 and characters:
            del characters[min(at, len(characters) - 1)]
        elif characters:
            other = source.randrange(len(characters))
            at = min(at, len(characters) - 1)
            characters[at], characters[other] = characters[other], characters[at]
    return "".join(characters)
