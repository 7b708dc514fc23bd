"""Names, keys, versions, aliases, stages, page tokens and the parts of URIs: Millrace's code and
MLflow's own functions, value for value. What crashes in MLflow (HTML 500), or is beyond int64 there
(its database driver's 500), must be an INVALID_PARAMETER_VALUE here."""

import random
import urllib.parse

import pytest
from support import source_cases as cases
from mlflow.entities.model_registry.model_version_stages import get_canonical_stage
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.utils.models import _parse_model_uri
from mlflow.utils import uri as mlflow_uri
from mlflow.utils import validation
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.search_utils import SearchUtils
from support.source_program import CRASH, INT64, Program, compare, silent, until_stable


@pytest.fixture(scope="module")
def program():
    running = Program()
    yield running
    running.close()


def test_names(program):
    compare(program, "model_name", silent(validation._validate_model_name), cases.NAMES + cases.KEYS)
    compare(program, "new_model_name", silent(validation._validate_model_renaming), cases.NAMES)


def test_tags(program):
    texts = cases.NAMES + cases.KEYS
    values = ["", "v", "x" * 100_000, "x" * 100_001, "\u00e9" * 100_000, "\u00e9" * 100_001]
    tags = [(key, value) for key in ("a", "mlflow.prompt.text", "k" * 251, "a//b") for value in values]
    compare(program, "tag_key", silent(validation._validate_tag_name), texts)
    compare(program, "registered_model_tag", silent(validation._validate_registered_model_tag), tags)
    compare(program, "model_version_tag", silent(validation._validate_model_version_tag), tags)


def test_keys_by_character(program):
    characters = [f"a{chr(c)}" for c in [*range(0x600), *range(0x2000, 0x2200), *range(0xFE00, 0x10000)]]
    compare(program, "tag_key", silent(validation._validate_tag_name), characters)


def test_versions(program):
    def parse(text):
        version = validation._validate_model_version(text)
        return version if version in INT64 else CRASH

    compare(program, "version", parse, cases.VERSIONS + cases.HUGE_VERSIONS)


def test_aliases(program):
    compare(program, "alias", silent(validation._validate_model_alias_name), cases.ALIASES + cases.KEYS)
    compare(program, "alias_is_free", silent(validation._validate_model_alias_name_reserved), cases.ALIASES)


def test_stages(program):
    compare(program, "stage", get_canonical_stage, cases.STAGES)


def test_tokens(program):
    def decode(token):
        offset = SearchUtils.parse_start_offset_from_page_token(token)
        return offset if offset in INT64 else CRASH

    compare(program, "token", decode, ["", *cases.tokens()])
    rng = random.Random(3)
    alphabet = "ABeyJvZmZzZXQiOiA1fQ+/=-_ !"
    noise = ["".join(rng.choice(alphabet) for _ in range(rng.randint(1, 24))) for _ in range(3000)]
    compare(program, "token", decode, noise)
    offsets = [0, 1, 100, -1, 2**63 - 1, -(2**63)]
    compare(program, "new_token", lambda n: SearchUtils.create_page_token(n).decode(), offsets)


def test_percent_decoding(program):
    texts = cases.percent_texts(5000)
    compare(program, "unquote", urllib.parse.unquote, texts)
    compare(program, "unquote_fully", until_stable(urllib.parse.unquote), texts)
    compare(program, "unquote_plus_fully", until_stable(urllib.parse.unquote_plus), texts)


def test_uri_parts(program):
    def split(uri):
        parts = urllib.parse.urlsplit(uri)
        _, _, host_and_port = parts.netloc.rpartition("@")
        hostname, port = parts._hostinfo
        assert (parts.hostname or "") == hostname.partition("%")[0].lower() + "".join(hostname.partition("%")[1:])
        return [parts.scheme, parts.netloc, parts.path, urllib.parse.urlparse(uri).path, parts.query, parts.fragment,
                hostname, port or ""]

    uris = cases.uris(6000)
    compare(program, "split", split, uris)
    compare(program, "is_local", mlflow_uri.is_local_uri, [*uris, "databricks", ""])
    compare(program, "local_path", local_file_uri_to_path, uris)


def test_models_uris(program):
    def parse(uri):
        try:
            parsed = _parse_model_uri(uri)
        except MlflowException:
            return None
        return [part or "" for part in parsed]

    rng = random.Random(4)
    pieces = ["/", "//", "@", "a", "m", "1", "\u00b2", "\u0661", " ", "latest", "LATEST", "Staging", "#", "?", ";", "%2F", "\n", "\u3000"]
    tails = ["".join(rng.choice(pieces) for _ in range(rng.randint(0, 6))) for _ in range(3000)]
    digits = ["models:/m/" + chr(c) for c in range(0x80, 0x20000) if not 0xD800 <= c < 0xE000 and chr(c).isnumeric()]
    compare(program, "models_uri", parse, ["models:" + tail for tail in tails] + digits)
