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


def expected_difference(name, observed):
    """What Millrace does in a listed case, or None for a case that is not listed."""
    if any(name in names for names in REFUSED_FOR.values()):
        return REFUSED
    if any(name in names for names in CLOSED_AFTER_REPLY_FOR.values()):
        first = observed["replies"][0]
        return {"replies": [{**first, "headers": {**first["headers"], "connection": "close"}}], "then": "closed"}
    return None


def listed_names():
    return [name for group in (REFUSED_FOR, CLOSED_AFTER_REPLY_FOR) for names in group.values() for name in names]
