"""The requests, byte for byte.

A case is what is sent on a fresh connection. After its replies a probe follows (`GET /version`), so that
the outcome shows whether the connection was kept, and whether bytes were left over to be taken for a request.
No case changes the database.
"""

from dataclasses import dataclass

HOST = b"Host: localhost:5000\r\n"
CREATE = "/api/2.0/mlflow/registered-models/create"
GET_MODEL = "/api/2.0/mlflow/registered-models/get?name=none"


class Pause:
    """What is sent before and after arrives apart."""


class Continue:
    """Waits for `100 Continue`."""


@dataclass(frozen=True)
class Case:
    name: str
    parts: tuple  # of bytes, Pause and Continue
    replies: int  # how many are awaited before the probe


def head(*lines, target="/health", method="GET", version="HTTP/1.1", host=HOST):
    """A request head; `lines` are header lines without their CRLF."""
    first = f"{method} {target} {version}\r\n".encode("latin-1")
    return first + host + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def create(body, *lines, framing=None):
    """A POST that is refused with a message that repeats the name in `body`."""
    if framing is None:
        framing = b"Content-Length: %d" % len(body)
    return head(b"Content-Type: application/json", framing, *lines, target=CREATE, method="POST") + body


def chunked(stream, *lines):
    return create(stream, *lines, framing=b"Transfer-Encoding: chunked")


NAMED = b'{"name": "a/b"}'  # refused: a model name has no slash
GET = head()
VERSION = head(target="/version")


def in_bytes(stream):
    parts = []
    for i in range(len(stream)):
        parts += [stream[i:i + 1], Pause]
    return tuple(parts)


def content_lengths():
    for name, value in [
            ("2x", b"2x"), ("plus", b"+2"), ("minus", b"-2"), ("empty", b""), ("hex", b"0x2"),
            ("blank_inside", b"1 5"), ("equal_list", b"15, 15"), ("unequal_list", b"15, 16"),
            ("list_with_hole", b"15,"), ("padded", b"015"), ("float", b"15.0"), ("exponent", b"15e0"),
            ("tab_before", b"\t15"), ("vertical_tab_before", b"\v15"), ("21_digits", b"0" * 19 + b"15"),
            ("20_digits", b"0" * 18 + b"15"), ("beyond_64_bits", b"9" * 20)]:
        yield f"content_length_{name}", create(NAMED, framing=b"Content-Length: " + value)
    for name, first, second in [("twice_equal", b"15", b"15"), ("twice_unequal", b"15", b"16"),
                                ("twice_padded", b"15", b"015"), ("twice_one_empty", b"15", b"")]:
        yield f"content_length_{name}", create(
            NAMED, b"content-length: " + second, framing=b"Content-Length: " + first)
    yield "content_length_space_before_colon", create(NAMED, framing=b"Content-Length : 15")
    yield "content_length_underscore", create(NAMED, framing=b"Content_Length: 15")


def transfer_encodings():
    stream = b"f\r\n" + NAMED + b"\r\n0\r\n\r\n"
    for name, value in [
            ("chunked", b"chunked"), ("upper_case", b"CHUNKED"), ("tab_before", b"\tchunked"), ("gzip", b"gzip"),
            ("identity", b"identity"), ("empty", b""), ("chunked_list", b"chunked, chunked"),
            ("gzip_list", b"gzip, chunked"), ("parameter", b"chunked;a=b"), ("quoted", b'"chunked"'),
            ("vertical_tab", b"\vchunked"), ("control", b"\x01chunked"), ("suffix", b"xchunked")]:
        yield f"transfer_encoding_{name}", create(stream, framing=b"Transfer-Encoding: " + value)
    yield "transfer_encoding_twice", chunked(stream, b"Transfer-Encoding: chunked")
    yield "transfer_encoding_then_identity", chunked(stream, b"Transfer-Encoding: identity")
    yield "transfer_encoding_folded", create(stream, framing=b"Transfer-Encoding:\r\n chunked")
    yield "transfer_encoding_space_before_colon", create(stream, framing=b"Transfer-Encoding : chunked")
    yield "transfer_encoding_http10", create(stream, framing=b"Transfer-Encoding: chunked").replace(
        b"HTTP/1.1", b"HTTP/1.0")
    yield "te_header_is_not_framing", create(NAMED, b"TE: trailers, chunked")


def smuggling():
    """Bodies that would be a second request to a server that frames them another way."""
    inner = VERSION
    yield "smuggle_length_and_chunked", chunked(b"0\r\n\r\n" + inner, b"Content-Length: %d" % (5 + len(inner)))
    yield "smuggle_chunked_and_length", create(
        b"0\r\n\r\n" + inner, b"Transfer-Encoding: chunked",
        framing=b"Content-Length: %d" % (5 + len(inner)))
    yield "smuggle_length_zero_and_chunked", chunked(b"f\r\n" + NAMED + b"\r\n0\r\n\r\n", b"Content-Length: 0")
    yield "smuggle_header_behind_bare_lf", create(
        b"0\r\n\r\n" + inner, b"X: a\nTransfer-Encoding: chunked",
        framing=b"Content-Length: %d" % (5 + len(inner)))
    yield "smuggle_header_behind_bare_cr", create(
        b"0\r\n\r\n" + inner, b"X: a\rTransfer-Encoding: chunked",
        framing=b"Content-Length: %d" % (5 + len(inner)))
    for method in ["GET", "HEAD", "OPTIONS", "DELETE", "PUT", "PATCH", "BREW"]:
        yield f"request_as_body_of_{method.lower()}", head(
            b"Content-Length: %d" % len(inner), method=method) + inner
        yield f"request_as_chunk_of_{method.lower()}", head(
            b"Transfer-Encoding: chunked", method=method) + b"%x\r\n" % len(inner) + inner + b"\r\n0\r\n\r\n"
    yield "request_in_trailer", chunked(b"f\r\n" + NAMED + b"\r\n0\r\n" + VERSION)
    yield "post_without_length", head(b"Content-Type: application/json", target=CREATE, method="POST")
    yield "post_without_length_with_body", head(
        b"Content-Type: application/json", target=CREATE, method="POST") + NAMED + b"\r\n\r\n", 2
    yield "put_without_length", head(target="/health", method="PUT")


def chunks():
    for name, stream in [
            ("plain", b"f\r\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("several", b"3\r\n" + NAMED[:3] + b"\r\nC\r\n" + NAMED[3:] + b"\r\n0\r\n\r\n"),
            ("leading_zeros", b"000f\r\n" + NAMED + b"\r\n000\r\n\r\n"),
            ("extension", b'f;a=b;c="d"\r\n' + NAMED + b"\r\n0;e\r\n\r\n"),
            ("space_after_size", b"f \t\r\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("space_before_extension", b"f ;a\r\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("trailers", b"f\r\n" + NAMED + b"\r\n0\r\nA: b\r\nContent-Length: 3\r\n\r\n"),
            ("trailer_folded", b"f\r\n" + NAMED + b"\r\n0\r\nA: b\r\n c\r\n\r\n"),
            ("trailer_without_colon", b"f\r\n" + NAMED + b"\r\n0\r\nabc\r\n\r\n"),
            ("size_0x", b"0xf\r\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("size_plus", b"+f\r\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("size_minus", b"-1\r\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("size_empty", b"\r\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("size_space_before", b" f\r\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("size_not_hex", b"g\r\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("size_21_digits", b"0" * 20 + b"f\r\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("size_beyond_64_bits", b"f" * 17 + b"\r\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("bare_lf_after_size", b"f\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("bare_lf_after_data", b"f\r\n" + NAMED + b"\n0\r\n\r\n"),
            ("bare_lf_in_trailer", b"f\r\n" + NAMED + b"\r\n0\r\nA: b\n\n"),
            ("bare_lf_at_end", b"f\r\n" + NAMED + b"\r\n0\r\n\n"),
            ("bare_cr_in_extension", b"f;a\rb\r\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("data_too_long", b"e\r\n" + NAMED + b"\r\n0\r\n\r\n"),
            ("no_crlf_after_data", b"f\r\n" + NAMED + b"0\r\n\r\n"),
            ("extension_3_kb", b"f;" + b"a" * 3000 + b"\r\n" + NAMED + b"\r\n0\r\n\r\n")]:
        yield f"chunk_{name}", chunked(stream)


def request_lines():
    for name, line in [
            ("without_version", b"GET /health"), ("only_method", b"GET"), ("http09", b"GET /health HTTP/0.9"),
            ("http10", b"GET /health HTTP/1.0"), ("http12", b"GET /health HTTP/1.2"), ("http20", b"GET /health HTTP/2.0"),
            ("http99", b"GET /health HTTP/9.9"), ("version_lower_case", b"GET /health http/1.1"),
            ("version_two_digits", b"GET /health HTTP/1.10"), ("version_without_dot", b"GET /health HTTP/11"),
            ("two_spaces", b"GET  /health HTTP/1.1"), ("two_spaces_before_version", b"GET /health  HTTP/1.1"),
            ("tab", b"GET\t/health HTTP/1.1"), ("leading_space", b" GET /health HTTP/1.1"),
            ("trailing_space", b"GET /health HTTP/1.1 "), ("space_in_target", b"GET /hea lth HTTP/1.1"),
            ("utf8_target", b"GET /h\xc3\xa9 HTTP/1.1"), ("nul_in_target", b"GET /h\0 HTTP/1.1"),
            ("control_in_target", b"GET /h\x01 HTTP/1.1"), ("delete_in_target", b"GET /h\x7f HTTP/1.1"),
            ("quote_in_target", b'GET /"<>\\^`{|} HTTP/1.1'), ("colon_in_method", b"GE:T /health HTTP/1.1"),
            ("lower_case_method", b"get /health HTTP/1.1"), ("unknown_method", b"BREW /health HTTP/1.1"),
            ("odd_method", b"G!#$%&'*+-.^_`|~1 /health HTTP/1.1"), ("long_method", b"A" * 300 + b" /health HTTP/1.1"),
            ("trace", b"TRACE /health HTTP/1.1"), ("connect", b"CONNECT localhost:1 HTTP/1.1"),
            ("absolute_form", b"GET http://localhost:5000/health HTTP/1.1"),
            ("absolute_form_other_host", b"GET http://example.org/health HTTP/1.1"),
            ("asterisk_form", b"OPTIONS * HTTP/1.1"), ("no_slash", b"GET health HTTP/1.1"),
            ("two_slashes", b"GET //health HTTP/1.1"), ("fragment", b"GET /health#a HTTP/1.1"),
            ("query_on_health", b"GET /health?a=b HTTP/1.1"), ("two_question_marks", b"GET /health?a?b HTTP/1.1"),
            ("only_question_mark", b"GET ? HTTP/1.1")]:
        yield f"request_line_{name}", line + b"\r\n" + HOST + b"\r\n"
    yield "http2_preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 2
    yield "tls_hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    yield "leading_crlf", b"\r\n" + GET
    yield "two_question_marks_on_api", head(target=GET_MODEL + "?x=1&name=second")


def header_lines():
    for name, line in [
            ("folded", b"X: a\r\n b"), ("folded_with_tab", b"X: a\r\n\tb"), ("space_before_colon", b"X : a"),
            ("tab_before_colon", b"X\t: a"), ("without_colon", b"abc"), ("empty_name", b": a"),
            ("nul_in_value", b"X: a\0b"), ("nul_in_name", b"X\0: a"), ("control_in_value", b"X: a\x01b"),
            ("delete_in_value", b"X: a\x7fb"), ("bare_cr_in_value", b"X: a\rb"), ("two_crs", b"X: a\r"),
            ("bare_lf_in_value", b"X: a\nb"), ("form_feed_in_value", b"X: a\fb"), ("utf8_value", b"X: \xc3\xa9"),
            ("latin1_value", b"X: \xe9"), ("utf8_name", b"X\xc3\xa9: a"), ("tabs_in_value", b"X:\ta\tb\t"),
            ("empty_value", b"X:"), ("odd_name", b"!#$%&'*+-.^_`|~1: a"), ("parenthesis_in_name", b"X(: a"),
            ("quote_in_name", b'"X": a')]:
        yield f"header_{name}", head(line)
    yield "header_fold_before_first", b"GET /health HTTP/1.1\r\n X: y\r\n" + HOST + b"\r\n"
    yield "bare_lf_everywhere", GET.replace(b"\r\n", b"\n")
    yield "bare_lf_after_request_line", GET.replace(b"\r\n", b"\n", 1)
    yield "bare_lf_at_end_of_head", GET[:-2] + b"\n"
    yield "bare_cr_everywhere", GET.replace(b"\r\n", b"\r") + b"\r\n\r\n"


def hosts():
    for name, host in [("missing", b""), ("empty", b"Host:\r\n"), ("twice", HOST + b"Host: example.org\r\n"),
                       ("twice_equal", HOST + HOST), ("foreign", b"Host: example.org\r\n"),
                       ("with_comma", b"Host: localhost:5000, example.org\r\n")]:
        yield f"host_{name}", head(target=GET_MODEL, host=host)
        yield f"host_{name}_on_health", head(host=host)
    yield "host_missing_http10", head(target=GET_MODEL, host=b"", version="HTTP/1.0")


def sizes():
    yield "target_15_kb", head(target="/health?" + "a" * 15_000)
    yield "target_60_kb", head(target="/health?" + "a" * 60_000)
    yield "name_of_60_kb", head(target=GET_MODEL + "n" * 60_000)
    yield "headers_15_kb", head(*[b"X-%d: " % i + b"v" * 990 for i in range(15)])
    yield "headers_60_kb", head(*[b"X-%d: " % i + b"v" * 990 for i in range(60)])
    yield "headers_500", head(*[b"X-%d: v" % i for i in range(500)])
    yield "header_of_60_kb", head(b"X: " + b"v" * 60_000)
    yield "body_of_300_kb", create(b'{"name": "a/b", "description": "' + b"d" * 300_000 + b'"}')


def connections():
    yield "pipeline_of_three", GET + VERSION + GET, 3
    yield "pipeline_of_twenty", GET * 20, 20
    yield "pipeline_with_bodies", create(NAMED) + GET + chunked(
        b"f\r\n" + NAMED + b"\r\n0\r\n\r\n") + VERSION, 4
    yield "pipeline_then_garbage", GET + b"GARBAGE\r\n\r\n", 2
    yield "pipeline_behind_close", head(b"Connection: close") + GET
    yield "pipeline_behind_http10", head(version="HTTP/1.0") + GET
    for name, value in [("close", b"close"), ("close_upper_case", b"CLOSE"), ("close_in_list", b"x, close"),
                        ("keep_alive", b"keep-alive"), ("closed", b"closed")]:
        yield f"connection_{name}", head(b"Connection: " + value)
    yield "connection_http10_keep_alive", head(b"Connection: keep-alive", version="HTTP/1.0")
    yield "upgrade_websocket", head(
        b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    yield "upgrade_h2c", head(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk")
    expecting = create(b"", b"Expect: 100-continue", framing=b"Content-Length: 15")
    yield "expect_then_body", (expecting, Continue, NAMED), 2
    yield "expect_with_body_at_once", expecting + NAMED, 2
    yield "expect_upper_case", (expecting.replace(b"100-c", b"100-C"), Continue, NAMED), 2
    yield "expect_http10", (expecting + NAMED).replace(b"HTTP/1.1", b"HTTP/1.0")
    yield "expect_something_else", create(NAMED, b"Expect: 200-ok")
    yield "expect_body_not_read", head(b"Expect: 100-continue", b"Content-Length: 15") + NAMED
    yield "expect_body_neither_read_nor_sent", head(b"Expect: 100-continue", b"Content-Length: 15")
    yield "expect_without_body", head(b"Expect: 100-continue", b"Content-Length: 0")


def library_habits():
    """What cpp-httplib would do on its own."""
    yield "range_on_json", head(b"Range: bytes=0-4", target=GET_MODEL)
    yield "range_on_health", head(b"Range: bytes=0-0")
    yield "range_beyond_the_end", head(b"Range: bytes=500-600")
    yield "range_malformed", head(b"Range: bytes=x")
    yield "gzip_on_json", head(b"Accept-Encoding: gzip, deflate, br", target=GET_MODEL)
    yield "gzip_on_health", head(b"Accept-Encoding: gzip")
    yield "gzipped_body", create(NAMED, b"Content-Encoding: gzip")
    yield "head_health", head(method="HEAD")
    yield "head_version", head(method="HEAD", target="/version")
    yield "head_api", head(method="HEAD", target=GET_MODEL)
    yield "options_api", head(method="OPTIONS", target=GET_MODEL)
    yield "method_not_allowed", head(b"Content-Length: 15", method="PUT", target=CREATE) + NAMED
    yield "not_found", head(target="/nothing")
    form = b"--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na/b\r\n--b--\r\n"
    for name, kind, body in [("multipart", b"multipart/form-data; boundary=b", form),
                             ("multipart_without_boundary", b"multipart/form-data", form),
                             ("form", b"application/x-www-form-urlencoded", b"name=a%2Fb"),
                             ("text", b"text/plain", NAMED)]:
        yield f"post_{name}", head(b"Content-Type: " + kind, b"Content-Length: %d" % len(body),
                                   method="POST", target=CREATE) + body
    yield "x_forwarded_and_override", head(b"X-HTTP-Method-Override: DELETE", b"X-Forwarded-Host: example.org")


def splits():
    yield "split_get", in_bytes(GET)
    yield "split_length", in_bytes(create(NAMED))
    yield "split_chunks", in_bytes(chunked(b"3;x\r\n" + NAMED[:3] + b"\r\nC\r\n" + NAMED[3:] + b"\r\n0\r\nT: u\r\n\r\n"))
    yield "split_before_last_lf", (GET[:-1], Pause, GET[-1:])
    yield "split_behind_the_next_head", (GET + VERSION[:10], Pause, VERSION[10:]), 2
    body = create(NAMED)
    yield "split_between_head_and_body", (body[:-15], Pause, body[-15:])
    yield "split_in_refused_head", (b"GET /health HTTP/1.1\r\nHost ", Pause, b": a\r\n\r\n")


def all_cases():
    """The cases by name."""
    cases = {}
    for group in [content_lengths, transfer_encodings, smuggling, chunks, request_lines, header_lines, hosts,
                  sizes, connections, library_habits, splits]:
        for name, sent, *replies in group():
            assert name not in cases, name
            parts = sent if isinstance(sent, tuple) else (sent,)
            cases[name] = Case(name, parts, replies[0] if replies else 1)
    return cases
