"""Where Millrace answers differently from the real server on purpose: reason, cases, and what it does instead."""

REFUSED = {
    "replies": [{
        "status": 400,
        "headers": {"connection": "close", "content-type": "text/plain; charset=utf-8"},
        "body": "Invalid HTTP request received.",
    }],
    "then": "closed",
}

REFUSED_FOR = {
    "Two framings at once: a server before us may read the other one, and the rest is a smuggled request": [
        "smuggle_length_and_chunked", "smuggle_chunked_and_length", "smuggle_length_zero_and_chunked"],
    "A bare LF or CR is a line end to some and a byte of the line to others": [
        "bare_lf_after_request_line", "bare_lf_at_end_of_head", "bare_lf_everywhere", "chunk_bare_lf_at_end",
        "chunk_bare_lf_in_trailer", "chunk_bare_cr_in_extension", "smuggle_header_behind_bare_lf"],
    "A folded line is a header of its own to some; RFC 9112 allows to refuse it": [
        "header_folded", "header_folded_with_tab", "transfer_encoding_folded", "chunk_trailer_folded"],
    "No body is that long: the real server waits for it for ever": [
        "content_length_beyond_64_bits", "chunk_size_beyond_64_bits"],
}

# The connection ends after the reply of the real server.
CLOSED_AFTER_REPLY_FOR = {
    "The client waits for permission to send its body; when none comes, the next bytes may be the body or a "
    "request, and the real server swallows a request": ["expect_body_neither_read_nor_sent"],
}


# The whole outcome is the one that the real server shows in another case.
ANSWERED_AS = {
    "A target without a path is nothing that a client asks for": {
        "request_line_only_question_mark": "request_line_no_slash"},
    "The default hosts are addresses and localhost with a port; the real server's globs match any text behind": {
        "host_with_comma": "host_foreign"},
}

# The reply is the one that the real server gives to the same body with a Content-Length.
BODY_READ_FOR = {
    "The real server loses a chunked JSON body and then misses its fields; a proxy may chunk what a client sent "
    "with a length": [
        "transfer_encoding_chunked", "transfer_encoding_upper_case", "transfer_encoding_tab_before",
        "transfer_encoding_http10", "chunk_plain", "chunk_several", "chunk_leading_zeros", "chunk_extension",
        "chunk_space_after_size", "chunk_trailers", "chunk_extension_3_kb", "pipeline_with_bodies", "split_chunks"],
}
WITH_LENGTH = "content_length_padded"


def expected_difference(name, observed):
    """What Millrace does in a listed case, or None for one that is not listed; `observed` is the whole recording."""
    replies, then = observed[name]["replies"], observed[name]["then"]
    if any(name in names for names in REFUSED_FOR.values()):
        return REFUSED
    if any(name in names for names in CLOSED_AFTER_REPLY_FOR.values()):
        headers = {**replies[0]["headers"], "connection": "close"}
        return {"replies": [{**replies[0], "headers": headers}], "then": "closed"}
    for cases in ANSWERED_AS.values():
        if name in cases:
            return observed[cases[name]]
    if any(name in names for names in BODY_READ_FOR.values()):
        body = observed[WITH_LENGTH]["replies"][0]["body"]
        return {"replies": [{**reply, "body": body} if is_missing_field(reply) else reply for reply in replies],
                "then": then}
    return None


def is_missing_field(reply):
    return "Missing value for required parameter" in reply.get("body", "")


def listed_names():
    groups = (REFUSED_FOR, CLOSED_AFTER_REPLY_FOR, ANSWERED_AS, BODY_READ_FOR)
    return [name for group in groups for names in group.values() for name in names]
