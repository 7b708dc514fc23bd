"""Records what the real MLflow server answers: `python -m raw_socket.record`, in compat-tests."""

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support.millrace_server import MlflowServer  # noqa: E402
from raw_socket.cases import all_cases  # noqa: E402
from raw_socket.exchange import outcome  # noqa: E402

OBSERVED = Path(__file__).parent / "observed.json"


def main():
    observed = {}
    with tempfile.TemporaryDirectory() as folder, MlflowServer(folder) as server:
        for name, case in all_cases().items():
            print(name, flush=True)
            observed[name] = outcome(case, server.host, server.port)
    OBSERVED.write_text(json.dumps(observed, indent=1, sort_keys=True, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
