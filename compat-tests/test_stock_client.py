"""The stock Python client on the registry calls; each test runs on Millrace and on the real MLflow."""

import time

import pytest
from mlflow.exceptions import MlflowException, RestException


@pytest.fixture
def name(request, client):
    """A model of the test's own name, made for it."""
    name = request.node.name
    client.create_registered_model(name)
    yield name
    for stale in client.search_registered_models(f"name = '{name}'"):
        client.delete_registered_model(stale.name)


def make_versions(client, name, count):
    return [client.create_model_version(name, f"s3://bucket/{name}/{number}")
            for number in range(1, count + 1)]


def names(models):
    return [model.name for model in models]


def assert_refused(code, message):
    return pytest.raises(RestException, match=f"^{code}: {message}")


def test_create_and_get_registered_model(client):
    before = int(time.time() * 1000)
    made = client.create_registered_model("häuser preise", tags={"team": "a", "état": "é"},
                                          description="Preise 🏠")
    after = int(time.time() * 1000)
    read = client.get_registered_model("häuser preise")
    assert dict(read) == dict(made)
    assert read.description == "Preise 🏠"
    assert read.tags == {"team": "a", "état": "é"}
    assert before <= read.creation_timestamp == read.last_updated_timestamp <= after
    assert read.latest_versions == [] and read.aliases == {}


def test_a_name_is_taken_once(client, name):
    with assert_refused("RESOURCE_ALREADY_EXISTS", "Registered Model .* already exists"):
        client.create_registered_model(name)


@pytest.mark.parametrize("bad", ["", None])
def test_a_model_needs_a_name(client, bad):
    with pytest.raises(MlflowException, match="INVALID_PARAMETER_VALUE"):
        client.create_registered_model(bad)


def test_update_registered_model(client, name):
    client.update_registered_model(name, "first")
    changed = client.update_registered_model(name, "second")
    read = client.get_registered_model(name)
    assert changed.description == read.description == "second"
    assert read.last_updated_timestamp >= read.creation_timestamp


def test_delete_registered_model(client, name):
    make_versions(client, name, 2)
    client.delete_registered_model(name)
    for call in (lambda: client.get_registered_model(name), lambda: client.delete_registered_model(name)):
        with assert_refused("RESOURCE_DOES_NOT_EXIST", "Registered Model with name=.* not found"):
            call()
    with assert_refused("RESOURCE_DOES_NOT_EXIST", "Model Version .* not found"):
        client.get_model_version(name, "1")


def test_a_deleted_name_starts_anew(client, name):
    make_versions(client, name, 2)
    client.delete_registered_model(name)
    client.create_registered_model(name)
    [first] = make_versions(client, name, 1)
    assert first.version == "1"


def test_tags_of_a_registered_model(client, name):
    client.set_registered_model_tag(name, "colour", "red")
    client.set_registered_model_tag(name, "colour", "blue")
    client.set_registered_model_tag(name, "size", "")
    assert client.get_registered_model(name).tags == {"colour": "blue", "size": ""}
    client.delete_registered_model_tag(name, "colour")
    client.delete_registered_model_tag(name, "never set")
    assert client.get_registered_model(name).tags == {"size": ""}


def test_search_pages_through_every_model_once(client):
    made = [f"page-{number:02}" for number in range(25)]
    for one in made:
        client.create_registered_model(one)
    seen, token, sizes = [], None, []
    while token != "":
        page = client.search_registered_models("name LIKE 'page-%'", max_results=10, page_token=token)
        seen += names(page)
        sizes.append(len(page))
        token = page.token or ""
    assert seen == made
    assert sizes == [10, 10, 5]


def test_search_filters_and_orders(client):
    for one, team in (("Filter-a", "red"), ("filter-b", "blue"), ("filter-c", "red")):
        client.create_registered_model(one, tags={"team": team})
    search = client.search_registered_models
    assert names(search("name LIKE 'filter-%'")) == ["filter-b", "filter-c"]
    assert names(search("name ILIKE 'filter-%'")) == ["Filter-a", "filter-b", "filter-c"]
    assert names(search("name = 'filter-b'")) == ["filter-b"]
    assert names(search("name LIKE 'filter-%' AND tags.team = 'red'")) == ["filter-c"]
    assert names(search("name ILIKE 'filter-%' AND tags.team != 'red'")) == ["filter-b"]
    assert names(search("name ILIKE 'filter-%'", order_by=["name DESC"])) == [
        "filter-c", "filter-b", "Filter-a"]
    with assert_refused("INVALID_PARAMETER_VALUE", "Invalid"):
        search("colour = 'red'")
    with assert_refused("INVALID_PARAMETER_VALUE", "Invalid"):
        search(order_by=["colour"])


def test_create_and_get_model_version(client, name):
    made = client.create_model_version(name, "s3://bucket/model", description="first try",
                                       tags={"data": "v2.1"}, run_link="https://ci.example/1")
    read = client.get_model_version(name, "1")
    assert dict(read) == dict(made)
    assert (read.name, read.version, read.source) == (name, "1", "s3://bucket/model")
    assert (read.status, read.current_stage, read.run_id) == ("READY", "None", "")
    assert (read.description, read.tags) == ("first try", {"data": "v2.1"})
    assert read.run_link == "https://ci.example/1"
    assert client.get_registered_model(name).latest_versions[0].version == "1"


def test_versions_are_counted_per_model(client, name):
    assert [one.version for one in make_versions(client, name, 3)] == ["1", "2", "3"]


def test_a_version_needs_its_model_and_a_source(client, name):
    with assert_refused("RESOURCE_DOES_NOT_EXIST", "Registered Model with name=nobody not found"):
        client.create_model_version("nobody", "s3://bucket/model")
    with assert_refused("INVALID_PARAMETER_VALUE", "Invalid model version source: '/etc/passwd'"):
        client.create_model_version(name, "/etc/passwd")
    with assert_refused("RESOURCE_DOES_NOT_EXIST", "Model Version .* not found"):
        client.get_model_version(name, "1")


def test_transition_archives_the_former_occupants(client, name):
    make_versions(client, name, 3)
    client.transition_model_version_stage(name, "1", "Production")
    client.transition_model_version_stage(name, "2", "production")
    moved = client.transition_model_version_stage(name, "3", "Production",
                                                  archive_existing_versions=True)
    assert (moved.version, moved.current_stage) == ("3", "Production")
    assert [client.get_model_version(name, number).current_stage for number in "123"] == [
        "Archived", "Archived", "Production"]
    with assert_refused("INVALID_PARAMETER_VALUE", "Invalid Model Version stage"):
        client.transition_model_version_stage(name, "3", "Live")


def test_latest_versions_are_one_per_stage(client, name):
    make_versions(client, name, 4)
    for number, stage in (("1", "Production"), ("2", "Production"), ("3", "Staging")):
        client.transition_model_version_stage(name, number, stage)
    latest = {one.current_stage: one.version for one in client.get_latest_versions(name)}
    assert latest == {"Production": "2", "Staging": "3", "None": "4"}
    assert [one.version for one in client.get_latest_versions(name, ["Staging"])] == ["3"]
    assert client.get_latest_versions(name, ["Archived"]) == []
    with assert_refused("RESOURCE_DOES_NOT_EXIST", "Registered Model with name=nobody not found"):
        client.get_latest_versions("nobody")
