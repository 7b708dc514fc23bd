"""Sources, names, keys and tokens for test_source_against_mlflow.py: valid, odd and hostile."""

import base64
import random

# Fragments that meet in one text where parsers disagree.
_SCHEMES = ["", "s3:", "S3:", "gs:", "dbfs:", "weird+x.y-z:", "file:", "FILE:", "File:", "http:", "runs:",
            "models:", "mlflow-artifacts:", "ftp:", "C:", "1a:", "a_b:", ":", " s3:", "\ts3:", "s\n3:",
            "mysql:", "imap:", "hdfs:", "abfss:", "sftp:", "\u00e9:"]
_AUTHORITIES = ["", "/", "//", "///", "//b", "//b:80", "//B:", "//u:p@h", "//u@v@h:1", "//[::1]", "//[::1]:80",
                "//[::1", "//::1]", "//[1.2.3.4]", "//[v1.x]", "//[v1]", "//a[::1]", "//[::1%25z]", "//[::1]x",
                "//[::ffff:1.2.3.4]", "//[1:2:3:4:5:6:7:8]", "//[1::8::9]", "//[:1:2]", "//[12345::]", "//[a]@h",
                "//localhost", "//LocalHostX", "//127.0.0.1", "//.", "//..", "//h\\x", "//h h", "//h\u2003h",
                "//h:99999", "//h:-1", "//h:\u0661", "//a\u2100b", "//a\uff0fb", "//b\u00fccher", "//h:080",
                "//user@h.example:443", "//h%2Fx", "//b%5b"]
_PATHS = ["", "/", "a", "/a", "/a/b", "/a//b", "/a/", "/a/./b", "/a/../b", "/..", "/../a", "..", "../a", "/...", "/a/..b",
          "/a/%2e%2e/b", "/a/%252e%252e/b", "/a/%25252e./b", "/%2e", "/a%2f..%2fb", "/a%2Fb", "/a+b", "/a%2Bb", "/a%00b",
          "/a%2500b", "/a\x00b", "/a;p", "/a;p/../b", "/a;/..", "/a/..;/b", "/a/b;p;q", "/a\tb", "/a/.\t./b", "/a/.\n.",
          "/a b", " /a", "/a ", "/%", "/%zz", "/%4", "/%%32%65", "/%ff", "/%C3%A9", "/\u00e9", "/%C3%25A9", "/\U0001f600",
          "/a\\..\\b", "\\a", "/a/%5c..", "/bin/x", "/bin", "/proc/self/root", "/etc/passwd", "/%2Fa", "//%2e/a", "/a\r\n/b"]
_TAILS = ["", "?q", "?../x", "?a/../b", "?a/..", "?/..", "#f", "#/../x", "#..", "?q#f", "#f?q", "?%2e%2e/x", "?x/%2e%2e/y",
          "#a#b", "?a?b", ";p", ";p\x00", "?q\x00", "#f%00", "%23/../x", "%3f/../x"]


def uris(count, seed=1):
    """Every fragment at least once, then random meetings of them; `count` in all."""
    rng = random.Random(seed)
    every = [scheme + "/a/b" for scheme in _SCHEMES]
    every += ["s3:" + authority + "/a" for authority in _AUTHORITIES]
    every += ["file:" + authority + "/a" for authority in _AUTHORITIES]
    every += ["http:" + authority + "/a" for authority in _AUTHORITIES]
    every += [prefix + path for path in _PATHS for prefix in ("s3://b", "mlflow-artifacts:", "weird:")]
    every += [prefix + tail for tail in _TAILS for prefix in ("s3://b/a", "http://h/a", "imap://h/a")]
    pools = (_SCHEMES, _AUTHORITIES, _PATHS, _TAILS)
    while len(every) < count:
        every.append("".join(rng.choice(pool) for pool in pools))
    return every


def percent_texts(count, seed=2):
    """Texts in which escapes nest, break off and make bytes that are not UTF-8."""
    rng = random.Random(seed)
    pieces = ["%", "2", "5", "25", "%25", "%2", "e", "%2e", "%C3", "%A9", "%E2%82%AC", "%f0", "%9F", "%98%80", "%ED%A0%80",
              "+", "%2B", "%252B", "a", "/", "\u00e9", "\u20ac", "%00", "%F4%90", "%C0%80", "%80", "3", "C", "%43"]
    return ["".join(rng.choice(pieces) for _ in range(rng.randint(0, 12))) for _ in range(count)]


NAMES = ["", " ", "\u3000\t", "m", " a ", "a/b", "a:b", ".", "..", "..x", "...x", "x..", "a\nb", "a\x00b", "\u00e9\u4e2d", "a?b",
         "a\\b", "./", "x" * 300, "\U0001f600", "'", "'\"", "\x7f", "\u2028", "latest", "\u00a0x", "\ud800"]

KEYS = ["", "a", "a/b", "/b", "a//b", "a/", "..", ".", "a..b", "./a", "a b", " ", "a:b", "a-b", "a_b", "a.b", "a\n", "a\n\n", "\n",
        "a\tb", "\u00e9", "\u00b2", "\u0661", "\u093e", "a\u0301", "\u4e2d", "\U0001f600", "\u203f", "k" * 250, "k" * 251,
        "\u00e9" * 250, "\u00e9" * 251, "a,b", "a@b", "a%2fb", "mlflow.prompt.text", "..a", "/", "//", "\u24b6", "\u216b"]

VERSIONS = ["1", "01", " 1 ", "+1", "-1", "0", "1_0", "1__0", "_1", "1_", "\uff11", "\u0661\u0662", "\u00b2", "", " ", "1.0", "1e3",
            "0x1", "abc", "\u20031\u2003", "9223372036854775807", "-9223372036854775808", "1" * 4300, "1" * 4301, "+ 1", "--1", "1\n",
            "1\x00", "\x1f1", "\u2460", "1 0", "\U0001d7ce"]

# Beyond int64: MLflow answers with its database driver's 500.
HUGE_VERSIONS = ["9223372036854775808", "-9223372036854775809", "1" + "0" * 20, "1" * 4300]

ALIASES = ["", "a", "latest", "LATEST", "Latest", "lateST\n", "v1", "V12", "v", "v1a", "v\u0661", "v1\n", "v\n", "a-b", "a_b", "a b",
           "a.b", "a/b", "a\n", "a\n\n", "\u00e9", "x" * 255, "x" * 256, "\u00e9" * 255, "\u00e9" * 256, "\u00b2", "v\u00b2", "@", "-"]

STAGES = ["None", "none", "NONE", "Staging", "sTAGING", "production", "Archived", "", " staging", "Deleted_Internal", "foo", "\u017ftaging",
          "STAG\u0130NG", "x'y"]


def tokens():
    texts = ['{"offset": 0}', '{"offset": 5}', '{"offset": -3}', '{"offset": "7"}', '{"offset": " 8 "}', '{"offset": 1.9}',
             '{"offset": -1.9}', '{"offset": true}', '{"offset": false}', '{"offset": null}', '{"offset": ""}', '{"offset": "x"}',
             '{"offset": []}', '{"offset": {}}', '{"offset": [1]}', '{"offset": {"a": 1}}', "{}", '{"a": 1, "offset": 3}', "[]", "[1]", "1",
             "null", '"x"', "", " ", "{", '{"offset": 5} x', '{"offset": NaN}', '{"offset": Infinity}', '{"offset": 1e400}',
             '{"offset": 1e30}', '{"offset": 9223372036854775807}', '{"offset": 9223372036854775808}',
             '{"offset": "9223372036854775808"}', '{"offset": 0.0}', '{"offset": -0.0}', '{"OFFSET": 5}', '{"offset": 5, "offset": 6}',
             '{"x": {"y": [1, 2.0, null, true, "\u00e9\'"]}}', '{"offset": "\u0661"}', '{"offset": "1.5"}', '{"offset": "\\ud800"}',
             '\ufeff{"offset": 4}', "not json", "\u00e9"]
    plain = [base64.b64encode(text.encode()).decode() for text in texts]
    plain += [base64.b64encode('{"offset": 9}'.encode(codec)).decode() for codec in ("utf-16", "utf-16-le", "utf-32-be")]
    plain += [base64.b64encode(raw).decode() for raw in (b"\xff", b"\xff\xfe", b"\x00", b"'\"", b"\\", b"\xed\xa0\x80")]
    five = base64.b64encode(b'{"offset": 5}').decode()
    odd = ["!!!", "=", "==", "====", "A", "AB", "ABC", "ABCD", "A===", "AB=", "AB==", "AB==CD==", "AB=C", "AB=C=", "ABC==", "\u00e9",
           five.rstrip("="), five + "=", five + "xyz", " " + five, "\n".join(five), five.replace("I", "-I-"), "-_-_", five[:-1], five[1:],
           "e30", "e30=", "e3 0=", "A=B=C=D="]
    return plain + odd
