"""What a course teaches about the model registry, by three generations of the Python client, on Millrace and on the real
MLflow: models are logged, registered, promoted, listed, downloaded and loaded, and answer as the model that was trained.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.client_programs import play_on_both, run_program

NEWEST = "3.17.2"
VERSIONS = [NEWEST, "3.0.1", "2.22.5"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_model_is_registered_promoted_and_loaded(version, millrace, mlflow_server):
    answers = play_on_both("training_module.py", version, millrace, mlflow_server)
    assert len(answers["seen"]) > 12
    assert answers["expected"] != answers["expected of the first"]
    name = answers["name"]
    assert answers["predictions"] == {
        **{f"models:/{name}{version}": answers["expected"] for version in ("/Production", "/3", "/latest", "@champion")},
        f"models:/{name}/1": answers["expected of the first"]}


@pytest.mark.parametrize("version", VERSIONS)
def test_another_client_finds_and_loads_it(version, millrace, mlflow_server):
    written = play_on_both("training_module.py", NEWEST, millrace, mlflow_server)
    read = play_on_both("training_module_reader.py", version, millrace, mlflow_server)
    assert list(read["predictions"].values()) == list(written["predictions"].values())
    by_version, _, by_location = read["downloads"].values()
    assert {"MLmodel", "requirements.txt", "conda.yaml", "python_env.yaml", "input_example.json"} <= by_location.keys()
    assert by_location.items() <= by_version.items()


@pytest.mark.parametrize("flavour", ["pyfunc", "lightgbm"])
def test_flavours(flavour, millrace, mlflow_server):
    with ThreadPoolExecutor() as pool:
        servers = (millrace, mlflow_server)
        for printed in pool.map(lambda server: run_program("flavour_program.py", NEWEST, server, flavour), servers):
            assert printed.splitlines()[-1] == "the same"


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_of_many_small_files(client, tmp_path):
    """Names, empty files and contents come back as they were, whole and by parts of the folder."""
    made = tmp_path / "made"
    for number in range(300):
        folder = made / f"part {number % 7}" / ("deep/er" if number % 5 == 0 else "")
        folder.mkdir(parents=True, exist_ok=True)
        content_of = hashlib.sha256(str(number).encode()).digest() * (number % 50)  # every fiftieth is empty
        (folder / f"Größe {number:03}.bin").write_bytes(content_of)
    run_id = client.create_run("0").info.run_id
    client.log_artifacts(run_id, str(made), "model")
    for part, source in (("model", made), ("model/part 0", made / "part 0")):
        target = tmp_path / f"got {source.name}"
        target.mkdir()
        assert content(Path(client.download_artifacts(run_id, part, str(target)))) == content(source)
    listed = client.list_artifacts(run_id, "model")
    assert [(one.path, one.is_dir) for one in listed] == [(f"model/part {number}", True) for number in range(7)]
    assert len(client.list_artifacts(run_id, "model/part 0/deep/er")) == 9
    # Nothing that was written stays once it is replaced.
    (made / "part 1" / "Größe 001.bin").write_bytes(b"new")
    client.log_artifacts(run_id, str(made / "part 1"), "model/part 1")
    one = client.download_artifacts(run_id, "model/part 1/Größe 001.bin", str(tmp_path))
    assert open(one, "rb").read() == b"new"
