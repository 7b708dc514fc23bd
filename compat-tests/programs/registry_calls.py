"""Every call of MlflowClient for registered models and their versions, in any MLflow since 2.9.

Run with a client's interpreter and MLFLOW_TRACKING_URI; prints the answers as JSON. What must be true
is asserted here; that nothing else differs from MLflow's own server is for who compares the output.
No call here is answered with a 5xx, as archiving into "None" is: the client would repeat it for minutes.
"""

from call_recorder import play


def versions_of(models):
    return [str(one.version) for one in models]


def make_model(client, name, count):
    client.create_registered_model(name)
    for number in range(1, count + 1):
        client.create_model_version(name, f"s3://bucket/{name}/{number}")


def registered_models(client, mlflow_version):
    name, renamed = f"häuser preise {mlflow_version}", f"Haus-Preise {mlflow_version}"
    made = client.create_registered_model(name, tags={"team": "a", "état": "é"}, description="Preise 🏠")
    assert dict(client.get_registered_model(name)) == dict(made)
    client.refused("RESOURCE_ALREADY_EXISTS", "create_registered_model", name)
    client.refused("INVALID_PARAMETER_VALUE", "create_registered_model", "a/b")

    client.set_registered_model_tag(name, "team", "b")
    client.set_registered_model_tag(name, "size", 12)
    client.delete_registered_model_tag(name, "état")
    client.delete_registered_model_tag(name, "never set")
    client.refused("RESOURCE_DOES_NOT_EXIST", "set_registered_model_tag", "nobody", "k", "v")
    assert client.get_registered_model(name).tags == {"team": "b", "size": "12"}

    client.update_registered_model(name, "second")
    assert client.get_registered_model(name).description == "second"

    client.create_model_version(name, "s3://bucket/house")
    client.rename_registered_model(name, renamed)
    assert client.get_registered_model(renamed).name == renamed
    client.refused("RESOURCE_DOES_NOT_EXIST", "get_registered_model", name)
    assert client.get_model_version(renamed, "1").name == renamed
    client.refused("RESOURCE_DOES_NOT_EXIST", "rename_registered_model", name, "other")

    client.delete_registered_model(renamed)
    client.refused("RESOURCE_DOES_NOT_EXIST", "get_registered_model", renamed)
    client.refused("RESOURCE_DOES_NOT_EXIST", "delete_registered_model", renamed)


def search_of_models(client, mlflow_version):
    made = [f"page {number:02} {mlflow_version}" for number in range(7)]
    for number, name in enumerate(made):
        client.create_registered_model(name, tags={"parity": "odd" if number % 2 else "even"})
    mine = f"name LIKE 'page %{mlflow_version}'"

    found, token = [], None
    while token != "":
        page = client.search_registered_models(mine, max_results=3, page_token=token)
        found += [model.name for model in page]
        token = page.token or ""
    assert found == made

    odd = client.search_registered_models(f"{mine} AND tags.parity = 'odd'", order_by=["name DESC"])
    assert [model.name for model in odd] == made[5::-2]
    assert len(client.search_registered_models(f"name ILIKE 'PAGE %{mlflow_version}'")) == 7
    assert [model.name for model in client.search_registered_models(f"name = '{made[3]}'")] == made[3:4]
    assert client.search_registered_models("name = 'nobody'") == []
    client.refused("INVALID_PARAMETER_VALUE", "search_registered_models", "colour = 'red'")
    client.refused("INVALID_PARAMETER_VALUE", "search_registered_models", order_by=["colour"])
    for name in made:
        client.delete_registered_model(name)


def model_versions(client, mlflow_version):
    name = f"versions {mlflow_version}"
    client.create_registered_model(name)
    made = client.create_model_version(
        name, "s3://bucket/first", run_id="0123456789abcdef0123456789abcdef", tags={"data": "v2.1"},
        run_link="https://ci.example/1", description="first try")
    assert dict(client.get_model_version(name, "1")) == dict(made)
    client.create_model_version(name, "gs://bucket/second")
    client.create_model_version(name, "dbfs:/third", tags={"data": "v3"})
    client.refused("RESOURCE_DOES_NOT_EXIST", "create_model_version", "nobody", "s3://bucket/x")
    client.refused("INVALID_PARAMETER_VALUE", "create_model_version", name, "/etc/passwd")

    client.update_model_version(name, "2", "nächster Versuch")
    client.update_model_version(name, "1", "")
    client.refused("RESOURCE_DOES_NOT_EXIST", "update_model_version", name, "9", "none")
    assert client.get_model_version(name, "2").description == "nächster Versuch"

    client.set_model_version_tag(name, "2", "validation_status", "passed")
    client.set_model_version_tag(name, "2", "validation_status", "failed")
    client.set_model_version_tag(name, version="2", key="accuracy", value=0.9)
    client.delete_model_version_tag(name, "1", "data")
    client.delete_model_version_tag(name, "1", "never set")
    client.refused("RESOURCE_DOES_NOT_EXIST", "set_model_version_tag", name, "9", "k", "v")
    assert client.get_model_version(name, "1").tags == {}
    assert client.get_model_version(name, "2").tags == {
        "validation_status": "failed", "accuracy": "0.9"}

    assert client.get_model_version_download_uri(name, "2") == "gs://bucket/second"
    client.refused("RESOURCE_DOES_NOT_EXIST", "get_model_version_download_uri", name, "9")

    search_of_versions(client, f"name = '{name}'")

    client.delete_model_version(name, "2")
    client.refused("RESOURCE_DOES_NOT_EXIST", "get_model_version", name, "2")
    client.refused("RESOURCE_DOES_NOT_EXIST", "delete_model_version", name, "2")
    client.delete_model_version(name, "3")
    assert str(client.create_model_version(name, "s3://bucket/fourth").version) == "4"
    client.delete_registered_model(name)


def search_of_versions(client, mine):
    """The three versions of the one model, none of which changes here."""
    upwards = ["version_number ASC"]  # the default order goes by times, which may be equal
    assert versions_of(client.search_model_versions(mine, order_by=upwards)) == ["1", "2", "3"]
    assert versions_of(client.search_model_versions(f"{mine} AND tags.data = 'v3'")) == ["3"]
    assert versions_of(
        client.search_model_versions(f"{mine} AND tags.validation_status = 'failed'")) == ["2"]
    assert versions_of(client.search_model_versions(
        f"{mine} AND run_id = '0123456789abcdef0123456789abcdef'")) == ["1"]
    assert versions_of(
        client.search_model_versions(f"{mine} AND source_path LIKE 'gs:%'")) == ["2"]
    first = client.search_model_versions(mine, max_results=2, order_by=upwards)
    rest = client.search_model_versions(mine, max_results=2, order_by=upwards, page_token=first.token)
    assert versions_of(first) == ["1", "2"] and versions_of(rest) == ["3"]
    client.refused("INVALID_PARAMETER_VALUE", "search_model_versions", "colour = 'red'")


def stages_and_rollback(client, mlflow_version):
    name = f"stages {mlflow_version}"
    make_model(client, name, 4)

    def stages():
        return [client.get_model_version(name, number).current_stage for number in "1234"]

    def in_stage(*names):
        return versions_of(client.get_latest_versions(name, [*names]))

    assert client.get_model_version_stages(name, "1") == ["None", "Staging", "Production", "Archived"]
    assert client.transition_model_version_stage(name, "1", "staging").current_stage == "Staging"
    client.transition_model_version_stage(name, "1", "Production")
    client.transition_model_version_stage(name, "2", "Staging")
    client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    assert stages() == ["Archived", "Production", "None", "None"]

    # version 2 turns out to be bad: back to version 1
    client.transition_model_version_stage(name, "1", "Production", archive_existing_versions=True)
    assert stages() == ["Production", "Archived", "None", "None"]
    assert in_stage("Production") == ["1"]

    client.transition_model_version_stage(name, "3", "Production")
    assert in_stage("Production") == ["3"]  # the higher of two
    assert sorted(in_stage("Archived", "None")) == ["2", "4"] and in_stage("Staging") == []
    assert sorted(in_stage()) == ["2", "3", "4"]
    assert sorted(versions_of(client.get_registered_model(name).latest_versions)) == ["2", "3", "4"]
    [found] = client.search_registered_models(f"name = '{name}'")
    assert sorted(versions_of(found.latest_versions)) == ["2", "3", "4"]

    client.set_model_version_tag(name, key="live", value="yes", stage="Production")
    client.set_model_version_tag(name, key="old", value="yes", stage="Archived")
    assert [client.get_model_version(name, number).tags for number in "23"] == [
        {"old": "yes"}, {"live": "yes"}]
    client.delete_model_version_tag(name, key="old", stage="Archived")
    assert client.get_model_version(name, "2").tags == {}

    client.refused("INVALID_PARAMETER_VALUE", "transition_model_version_stage", name, "1", "Live")
    client.refused("RESOURCE_DOES_NOT_EXIST", "transition_model_version_stage", name, "9", "Staging")
    client.refused("INVALID_PARAMETER_VALUE", "get_latest_versions", name, ["Live"])
    client.refused("RESOURCE_DOES_NOT_EXIST", "get_latest_versions", "nobody")
    client.delete_registered_model(name)


def aliases_and_rollback(client, mlflow_version):
    name = f"aliases {mlflow_version}"
    make_model(client, name, 3)
    client.set_registered_model_alias(name, "champion", "1")
    client.set_registered_model_alias(name, "Challenger", "2")
    client.set_registered_model_alias(name, "second-name", "1")
    assert sorted(client.get_model_version(name, "1").aliases) == ["champion", "second-name"]

    for number in ("2", "1", "3"):  # forward, back again, and on to the newest
        client.set_registered_model_alias(name, "champion", number)
        assert str(client.get_model_version_by_alias(name, "champion").version) == number
    aliases = client.get_registered_model(name).aliases
    assert {alias: str(number) for alias, number in aliases.items()} == {
        "champion": "3", "Challenger": "2", "second-name": "1"}

    client.delete_registered_model_alias(name, "second-name")
    client.delete_registered_model_alias(name, "never-set")
    client.delete_model_version(name, "3")  # its aliases go with it
    for gone in ("second-name", "champion"):
        client.refused("INVALID_PARAMETER_VALUE", "get_model_version_by_alias", name, gone)
    client.tried("get_model_version_by_alias", name, "challenger")  # MySQL does not mind the case
    assert list(client.get_registered_model(name).aliases) == ["Challenger"]
    for reserved in ("latest", "v1", "two words"):
        client.refused("INVALID_PARAMETER_VALUE", "set_registered_model_alias", name, reserved, "1")
    client.refused("RESOURCE_DOES_NOT_EXIST", "set_registered_model_alias", name, "late", "9")
    client.refused("RESOURCE_DOES_NOT_EXIST", "delete_registered_model_alias", "nobody", "late")
    client.delete_registered_model(name)


def copies(client, mlflow_version):
    name, target = f"staging.copies {mlflow_version}", f"prod.copies {mlflow_version}"
    make_model(client, name, 3)
    client.set_model_version_tag(name, "1", "validation_status", "passed")
    client.update_model_version(name, "1", "the good one")
    client.set_registered_model_alias(name, "champion", "2")
    client.transition_model_version_stage(name, "3", "Production")

    for wanted, number in (("/1", "1"), ("@champion", "2"), ("/Production", "3"), ("/latest", "3")):
        copy = client.copy_model_version(f"models:/{name}{wanted}", target)
        assert copy.source == f"models:/{name}/{number}", copy.source
        assert (copy.current_stage, copy.aliases) == ("None", [])
    assert client.get_model_version(target, "1").tags == {"validation_status": "passed"}
    assert client.get_model_version(target, "1").description == "the good one"
    copy = client.copy_model_version(f"models:/{target}/1", f"{target} again")
    assert copy.source == f"models:/{target}/1"
    # a copy of a copy leads to where the model lies
    assert client.get_model_version_download_uri(copy.name, "1") == f"s3://bucket/{name}/1"

    client.refused("INTERNAL_ERROR", "copy_model_version", f"models:/{name}/9", target)
    client.refused("INTERNAL_ERROR", "copy_model_version", "s3://bucket/model", target)
    for model in (name, target, copy.name):
        client.delete_registered_model(model)


if __name__ == "__main__":
    play(registered_models, search_of_models, model_versions, stages_and_rollback,
         aliases_and_rollback, copies)
