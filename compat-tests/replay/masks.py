"""What may differ between two servers in one answer, and what is checked about it instead.

All rules are in this file:
- Times in milliseconds: `<t12>` is the instant at which request 12 of the topic was served. A time
  is masked only if it lies between sending that request and having its answer, and one mask is one
  value all through the topic; so the two servers must agree which request made which stamp, and
  which stamps are equal.
- Ids the server makes (32 hex digits, UUIDs): `<id3>`, the third such id of the topic.
- Names the server makes (quick-otter-12): `<name3>`, the third such name of the topic.
- Validators of files: `<etag2>-5` for the second state of a file that an ETag with its time, size
  and path names (5 is the size); `<recent>` for a Last-Modified within the time of the topic.
- Boundaries of multipart answers: `<boundary>`; folders that Python's tempfile made: `<temporary>`.
- The server's address and its folder: `<server>`, `<folder>`.
- Sets that Python prints in random order: members sorted.
- `allow`: a set (sorted). `date`, `server`, `connection`: not compared.
- The database driver's own words, see DRIVER_WORDS.
"""

import email.utils
import re
import time

IGNORED_HEADERS = {"date", "server", "connection", "keep-alive"}
TIME = re.compile(r"(?:(?<=[:,] )|(?<=:\"))\d{13}(?=[,\n}\]\"])")
MASKED_TIME = re.compile(r"(?:(?<=[:,] )|(?<=:\"))<t\d+(?:\.\d+)?>(?=[,\n}\]\"])|" + TIME.pattern)
ID = re.compile(r"\b(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")
ETAG = re.compile(r'(\d+\.\d+)-(\d+)-(\d+)(?=")')
HTTP_DATE = re.compile(r"\w{3}, \d{2} \w{3} \d{4} \d\d:\d\d:\d\d GMT")
TEMPORARY = re.compile(r"/tmp/tmp\w{8}\b")
BOUNDARY = re.compile(r"(?<=--|y=)[0-9a-f]{26}\b")
NAME = re.compile(r'(?<=")[a-z]+-[a-z]+-(?:1000|\d{1,3})(?=")')
PYTHON_SET = re.compile(r"\{'[^'{}]+'(?:, '[^'{}]+')+\}")
# `kept` is contract, what follows it to the end of the message is not.
DRIVER_WORDS = [
    re.compile(r'(?P<kept>"error_code": "RESOURCE_ALREADY_EXISTS", "message": '
               r'"(?:[^"\\]|\\.)*? already exists\. Error: )(?:[^"\\]|\\.)+'),
    re.compile(r'(?P<kept>"error_code": "BAD_REQUEST", "message": ")\((?:[^"\\]|\\.)+'),
]
DRIVER_MASK = "<driver's words>"


class Masks:
    """The masks of one topic on one server."""

    def __init__(self, address, folder):
        self._address = address
        self._folder = folder
        self._sent = []  # texts of requests and SQL: ids in them are ours, not the server's
        self._ids = {}
        self._names = {}
        self._etags = {}
        self._windows = []
        self._began = time.time()
        self._times = {}  # mask -> milliseconds

    def sent(self, text):
        self._sent.append(text)

    def served(self, first_ms, last_ms):
        """The next request was sent and answered between these two instants."""
        self._windows.append((first_ms, last_ms))

    def text(self, text, expected_times=()):
        """text with everything masked that may differ.

        expected_times: the other server's times() of the same answer; it settles which of the
        requests served within one millisecond made a stamp.
        """
        text = text.replace(self._address, "<server>").replace(self._folder, "<folder>")
        text = PYTHON_SET.sub(_sorted_set, text)
        for words in DRIVER_WORDS:
            text = words.sub(lambda match: match["kept"] + DRIVER_MASK, text)
        text = ETAG.sub(self._etag, text)
        text = HTTP_DATE.sub(self._date, text)
        text = TEMPORARY.sub("<temporary>", text)
        text = BOUNDARY.sub("<boundary>", text)
        text = ID.sub(self._id, text)
        text = NAME.sub(self._name, text)
        wanted = iter(expected_times)
        return TIME.sub(lambda match: self._time(int(match.group(0)), next(wanted, "")), text)

    def known(self, text):
        """text with masks for the ids that have one, and one mask for all other ids and names."""
        return NAME.sub("<name>", ID.sub(lambda found: str(self._ids.get(found[0], "<id>")), text))

    def _id(self, match):
        found = match.group(0)
        if found not in self._ids and any(found in text for text in self._sent):
            return found
        return f"<id{self._ids.setdefault(found, len(self._ids) + 1)}>"

    def _etag(self, match):
        modified, size, path = match.groups()
        number = self._etags.setdefault((modified, path), len(self._etags) + 1)
        return f"<etag{number}>-{size}"

    def _date(self, match):
        made = email.utils.parsedate_to_datetime(match.group(0)).timestamp()
        return "<recent>" if self._began - 2 <= made <= time.time() else match.group(0)

    def _name(self, match):
        found = match.group(0)
        if any(found in text for text in self._sent):
            return found
        return f"<name{self._names.setdefault(found, len(self._names) + 1)}>"

    def _time(self, value, wanted):
        if wanted.startswith("<t"):
            first, last = self._windows[int(re.match(r"<t(\d+)", wanted).group(1)) - 1]
            if first <= value <= last and self._times.setdefault(wanted, value) == value:
                return wanted
        for number in range(len(self._windows), 0, -1):
            first, last = self._windows[number - 1]
            if first <= value <= last:
                return self._new_time(number, value)
        return str(value)

    def _new_time(self, number, value):
        mask, more = f"<t{number}>", 2
        while self._times.setdefault(mask, value) != value:
            mask, more = f"<t{number}.{more}>", more + 1
        return mask


def times(masked):
    """The times in a masked text, in order."""
    return MASKED_TIME.findall(masked)


def _sorted_set(match):
    return "{" + ", ".join(sorted(match.group(0)[1:-1].split(", "))) + "}"


def same_text(mlflow, millrace):
    """Equal, where the driver's words in MLflow's text may be any others in Millrace's."""
    if DRIVER_MASK not in mlflow:
        return mlflow == millrace
    before, _, after = mlflow.partition(DRIVER_MASK)
    middle = millrace[len(before):len(millrace) - len(after)]
    return (millrace.startswith(before) and millrace.endswith(after)
            and re.fullmatch(r'(?:[^"\\]|\\.)+', middle) is not None)


def headers(response, masks):
    """The compared headers of an answer: name -> value, masked."""
    found = {}
    for name in dict(response.headers):
        if name not in IGNORED_HEADERS:
            found[name] = masks.text(response.get(name))
    if "allow" in found:
        found["allow"] = ", ".join(sorted(part.strip() for part in found["allow"].split(",")))
    return found
