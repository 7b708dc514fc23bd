"""The replay itself: what it lets pass and what it reports."""

import email.utils

from replay import compare, masks, wire
from replay.player import Exchange


def times_of(millrace_value, window, recorded="<t1>"):
    side = masks.Masks("127.0.0.1:1", "/folder")
    side.served(*window)
    return side.text(f'{{"creation_timestamp": {millrace_value}}}', [recorded])


def test_a_time_within_its_request_is_masked():
    assert times_of(1795000000005, (1795000000000, 1795000000010)) == '{"creation_timestamp": <t1>}'


def test_a_time_outside_its_request_stays_visible():
    assert "1795000000011" in times_of(1795000000011, (1795000000000, 1795000000010))


def test_two_times_of_one_request_are_two_masks():
    side = masks.Masks("127.0.0.1:1", "/folder")
    side.served(1795000000000, 1795000000010)
    text = side.text('{"a": 1795000000001, "b": 1795000000002, "c": 1795000000001}', ["<t1>"] * 3)
    assert text == '{"a": <t1>, "b": <t1.2>, "c": <t1>}'


def test_requests_within_one_millisecond_take_the_recorded_mask():
    side = masks.Masks("127.0.0.1:1", "/folder")
    side.served(1795000000001, 1795000000001)
    side.served(1795000000001, 1795000000001)
    assert side.text('{"a": 1795000000001}', ["<t1>"]) == '{"a": <t1>}'
    assert side.text('{"a": 1795000000001}', ["<t2>"]) == '{"a": <t2>}'


def test_ids_are_numbered_unless_the_client_sent_them():
    side = masks.Masks("127.0.0.1:1", "/folder")
    side.sent("run_id=" + "a" * 32)
    sent, first, second = "a" * 32, "b" * 32, "c" * 32
    assert side.text(f"{sent} {first} {second} {first}") == f"{sent} <id1> <id2> <id1>"


def test_sets_in_messages_are_sorted():
    side = masks.Masks("127.0.0.1:1", "/folder")
    assert side.text("keys are '{'b', 'a'}'") == "keys are '{'a', 'b'}'"


def test_allow_is_a_set_and_the_address_no_difference():
    side = masks.Masks("127.0.0.1:5001", "/folder")
    response = wire.Response(headers=[("allow", "POST, GET"), ("date", "now"),
                                      ("location", "http://127.0.0.1:5001/x")])
    assert masks.headers(response, side) == {"allow": "GET, POST", "location": "http://<server>/x"}


def test_a_difference_in_any_part_is_a_fault():
    good = Exchange("GET /", 200, {"vary": "Origin"}, "{}")
    for other in (Exchange("GET /", 201, {"vary": "Origin"}, "{}"),
                  Exchange("GET /", 200, {}, "{}"),
                  Exchange("GET /", 200, {"vary": "Origin"}, "{ }"),
                  Exchange("GET /", 200, {"vary": "Origin"}, "{}", fault="short")):
        assert len(compare.compare("t", [good], [other], []).faults) == 1
    assert compare.compare("t", [good], [good], []).faults == []


def test_the_drivers_words_may_be_others():
    side = masks.Masks("127.0.0.1:1", "/folder")
    text = '{"error_code": "BAD_REQUEST", "message": "%s", "sqlstate": "KAM00"}'
    mlflow = side.text(text % '(sqlite3.ProgrammingError) no [SQL: SELECT \\"x\\"]')
    assert masks.same_text(mlflow, side.text(text % "Not so."))
    assert not masks.same_text(mlflow, side.text(text % ""))
    assert not masks.same_text(mlflow, (text % "Not so.").replace("BAD_", ""))


def allowed(mlflow, millrace):
    return compare.Allowed("class", "reason", "", mlflow, millrace, {"t": "GET /"})


def test_an_allowed_difference_passes_and_an_unneeded_one_fails():
    crash = Exchange("GET /", 500, {"content-type": "text/html"}, "")
    clear = Exchange("GET /", 400, {"content-type": "application/json"}, "{}")
    entry = allowed("^500 text/html", "^400 application/json")
    assert compare.compare("t", [crash], [clear], [entry]).faults == []
    assert "not needed" in compare.compare("t", [crash], [crash], [entry]).faults[0]


def test_no_entry_allows_to_fail_where_mlflow_succeeds():
    works = Exchange("GET /", 200, {}, "{}")
    fails = Exchange("GET /", 400, {}, "{}")
    report = compare.compare("t", [works], [fails], [allowed("^200", "^400")])
    assert "MLflow succeeds" in report.faults[0]


def test_a_files_etag_names_its_state():
    side = masks.Masks("127.0.0.1:1", "/folder")
    assert side.text('"1795000000.5-3-77"') == '"<etag1>-3"'
    assert side.text('"1795000001.0-3-77"') == '"<etag2>-3"'
    assert side.text('"1795000000.5-3-77"') == '"<etag1>-3"'


def test_a_date_of_today_is_recent_and_another_is_not():
    side = masks.Masks("127.0.0.1:1", "/folder")
    assert side.text(email.utils.formatdate(usegmt=True)) == "<recent>"
    assert side.text("Tue, 15 Nov 1994 12:45:26 GMT") == "Tue, 15 Nov 1994 12:45:26 GMT"


def test_boundaries_are_masked_where_they_stand():
    side = masks.Masks("127.0.0.1:1", "/folder")
    digits = "0123456789abcdef0123456789"
    assert side.text(f"boundary={digits}") == "boundary=<boundary>"
    assert side.text(f"--{digits}--") == "--<boundary>--"
    assert side.text(digits) == digits
