"""The include check finds what it is there for."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def check(root):
    return subprocess.run([sys.executable, ROOT / "scripts" / "check_includes", root],
                          capture_output=True, text=True)


@pytest.fixture
def tree(tmp_path):
    """A small tree that is as it should be."""
    for path, text in {
        "CMakeLists.txt": "",
        "store/common/error.h": "#include <string>\n",
        "store/search/tree.h": '#include "store/common/error.h"\n',
        "store/db.cpp": '#include <soci/soci.h>\n#include "store/search/tree.h"\n',
        "artifacts/local.cpp": '#include "store/common/error.h"\n',
        "api/server.cpp": '#include <httplib.h>\n#include "store/search/tree.h"\n',
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert check(tmp_path).returncode == 0
    return tmp_path


@pytest.mark.parametrize(("path", "line"), [
    ("store/db.cpp", '#include "api/server.cpp"'),
    ("artifacts/local.cpp", '#include "store/db.cpp"'),
    ("store/db.cpp", '#include "artifacts/local.cpp"'),
    ("store/common/error.h", '#include "store/search/tree.h"'),
    ("store/common/error.h", "#include <openssl/evp.h>"),
    ("store/search/tree.h", "#include <soci/soci.h>"),
    ("store/db.cpp", "#include <httplib.h>"),
    ("store/db.cpp", "#include <nlohmann/json.hpp>"),
    ("api/server_flags.cpp", "#include <httplib.h>"),
    ("api/server.cpp", "#include <soci/soci.h>"),
    ("api/server.cpp", '#include "error.h"'),
    ("notes.txt", ""),
])
def test_a_wrong_include_is_found(tree, path, line):
    with open(tree / path, "a") as file:
        file.write(f"{line}\n")
    result = check(tree)
    assert result.returncode == 1
    assert result.stdout.startswith(path)
