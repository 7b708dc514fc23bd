"""The include check finds what it is there for: one refusal of each kind."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECK = Path(__file__).resolve().parent.parent / "scripts" / "check_includes"


def check(root, script=CHECK):
    return subprocess.run([sys.executable, script, root], capture_output=True, text=True)


@pytest.fixture
def tree(tmp_path):
    """A small tree that is as it should be."""
    for path, text in {
        "CMakeLists.txt": "store/db store/registry artifacts api/http api/rest api/main.cpp",
        "store/common/error.h": "// The room store/common: errors.\n#include <string>\n",
        "store/search/query.h": '// The room store/search: searches.\n#include "store/common/error.h"\n',
        "store/db/database.h": "// The room store/db: sessions.\n#include <soci/soci.h>\n",
        "store/db/sqlite/lane.h": '#include "store/db/database.h"\n',
        "store/registry/models.h": '// The room store/registry: models.\n#include "store/search/query.h"\n',
        "store/registry/models_test.cpp": '#include "store/suites/registry.h"\n',
        "store/suites/registry.h": '#include "store/registry/models.h"\n',
        "artifacts/local.h": '// The room artifacts: bytes.\n#include "store/common/error.h"\n',
        "api/http/server.h": "// The room api/http: sockets.\n#include <httplib.h>\n",
        "api/rest/routes.h": '// The room api/rest: the road.\n#include "api/http/server.h"\n',
        "api/main.cpp": "",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert check(tmp_path).stdout == "includes: all as the table of rooms says\n"
    return tmp_path


@pytest.mark.parametrize(("path", "line", "fault"), [
    # up to a room that stands on this one, or across to one beside it
    ("store/db/database.h", '#include "api/http/server.h"', "store/db must not know api/http"),
    ("store/db/sqlite/lane.h", '#include "store/registry/models.h"', "store/db must not know store/registry"),
    ("store/common/error.h", '#include "store/search/query.h"', "store/common must not know store/search"),
    ("artifacts/local.h", '#include "store/db/database.h"', "artifacts must not know store/db"),
    ("store/registry/models.h", '#include "artifacts/local.h"', "store/registry must not know artifacts"),
    ("api/http/server.h", '#include "api/rest/routes.h"', "api/http must not know api/rest"),
    ("store/registry/models.h", '#include "store/suites/registry.h"', "store/registry must not know store/suites"),
    ("api/main.cpp", '#include "api/rest/routes.h"', "api must not know api/rest"),
    # libraries
    ("store/common/error.h", "#include <openssl/evp.h>", "uses the standard library alone"),
    ("store/search/query.h", "#include <soci/soci.h>", "is used in other places only"),
    ("store/db/database.h", "#include <httplib.h>", "is used in other places only"),
    ("store/db/database.h", "#include <nlohmann/json.hpp>", "is used in other places only"),
    ("api/rest/routes.h", "#include <httplib.h>", "is used in other places only"),
    ("api/rest/routes.h", "#include <CLI/CLI.hpp>", "is used in other places only"),
    ("store/db/database.h", "#include <api/rest/routes.h>", "our own headers stand in quotes"),
    # what is no path from the root, or not read
    ("store/common/error.h", '#include "store/common/../../api/rest/routes.h"', "is not a path from the root of the tree"),
    ("store/common/error.h", '%:include "api/rest/routes.h"', "in a form that this check does not read"),
    ("store/common/error.h", "#include HEADER", "in a form that this check does not read"),
    ("store/common/error.hpp", "", "sources end in"),
    ("api/http/server.h", '#include "error.h"', "is not a path from the root of the tree"),
    # a file that comes back to itself
    ("store/db/database.h", '#include "store/db/sqlite/lane.h"', "includes itself"),
    # the statement of a room, missing and twice
    ("api/rest/reply.h", "// The room api/rest: replies.", "2 headers begin with"),
    ("api/entities/run.h", "// Runs.", "0 headers begin with"),
    # files that have no room
    ("store/db.cpp", "", "lies in no room"),
    ("api/auth/login.cpp", "", "lies in no room"),
    ("store/registry/deeper/models.cpp", "", "CMakeLists.txt does not build this folder"),
    ("notes.txt", "", "nothing else belongs at the top of the tree"),
])
def test_a_fault_is_found(tree, path, line, fault):
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    with open(tree / path, "a") as file:
        file.write(f"{line}\n")
    result = check(tree)
    assert result.returncode == 1
    place = Path(path).parent.as_posix() if "headers begin with" in fault else path
    assert result.stdout.startswith(place)
    assert fault in result.stdout


def test_a_table_with_an_arrow_back_up_is_refused(tree, tmp_path_factory):
    table = CHECK.read_text()
    row = '"store/db": "store/common store/text"'
    assert row in table
    changed = tmp_path_factory.mktemp("changed") / "check_includes"
    changed.write_text(table.replace(row, row[:-1] + ' store/registry"'))
    result = check(tree, changed)
    assert result.returncode == 1
    assert "store/db uses store/registry, which does not stand above it in the table" in result.stdout
