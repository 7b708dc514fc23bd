"""Every call for prompts: of `mlflow.genai` and MlflowClient in MLflow 3, of MlflowClient in 2.22.

Run with a client's interpreter and MLFLOW_TRACKING_URI; prints the answers as JSON, as registry_calls.py.
"""

import mlflow

from call_recorder import Recorder, play

RUN = "0123456789abcdef0123456789abcdef"
RUNS_OF_A_PROMPT = "mlflow.prompt.associatedRunIds"  # as clients before 3 tied a prompt to its runs
LOST = "INTERNAL_ERROR"  # what MLflow 2 makes of an error code when it rewords the message for prompts
CHAT = [{"role": "system", "content": "You are {{mood}}."}, {"role": "user", "content": "{{question}}"}]


def genai_of(client):
    """mlflow.genai, recorded in one list with the client's calls."""
    return Recorder(mlflow.genai, client._seen)


def texts_and_aliases(client, _):
    genai, name = genai_of(client), "greeting.text"
    first = genai.register_prompt(name, "Hallo {{wer}} 🏠", commit_message="first", tags={"team": "a"})
    assert (first.version, first.template, first.commit_message) == (1, "Hallo {{wer}} 🏠", "first")
    second = genai.register_prompt(name, "Guten Tag {{wer}}", tags={"team": "b", "lang": "de"})
    assert second.version == 2

    genai.set_prompt_alias(name, "production", 1)
    assert genai.load_prompt(f"prompts:/{name}@production").version == 1
    genai.set_prompt_alias(name, "production", 2)
    assert genai.load_prompt(f"prompts:/{name}@production").version == 2
    genai.set_prompt_alias(name, "production", 1)  # and back
    assert genai.load_prompt(f"prompts:/{name}@production").format(wer="Welt") == "Hallo Welt 🏠"
    assert genai.load_prompt(name, version=2).template == "Guten Tag {{wer}}"
    assert genai.load_prompt(f"prompts:/{name}/1").aliases == ["production"]
    assert genai.load_prompt(f"prompts:/{name}@latest").version == 2
    assert genai.load_prompt(name).version == 2
    assert client.get_prompt_version_by_alias(name, "production").version == 1

    genai.delete_prompt_alias(name, "production")
    genai.refused("INVALID_PARAMETER_VALUE", "load_prompt", f"prompts:/{name}@production")
    genai.refused("INVALID_PARAMETER_VALUE", "set_prompt_alias", name, "latest", 1)
    genai.refused("RESOURCE_DOES_NOT_EXIST", "set_prompt_alias", name, "late", 9)
    genai.refused("RESOURCE_DOES_NOT_EXIST", "load_prompt", f"prompts:/{name}/9")
    genai.refused("RESOURCE_DOES_NOT_EXIST", "load_prompt", "prompts:/nobody/1")
    assert genai.load_prompt("prompts:/nobody/1", allow_missing=True) is None
    assert genai.load_prompt(f"prompts:/{name}@none", allow_missing=True) is None

    client.delete_prompt_version(name, "2")
    genai.refused("RESOURCE_DOES_NOT_EXIST", "load_prompt", f"prompts:/{name}/2")
    assert genai.load_prompt(f"prompts:/{name}@latest", cache_ttl_seconds=0).version == 1
    client.delete_prompt(name)
    genai.refused("RESOURCE_DOES_NOT_EXIST", "load_prompt", f"prompts:/{name}/1")
    client.refused("RESOURCE_DOES_NOT_EXIST", "delete_prompt", name)
    assert client.get_prompt(name) is None


def tags_and_settings(client, _):
    genai, name = genai_of(client), "greeting.tags"
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    made = genai.register_prompt(name, CHAT, response_format=schema,
                                 model_config={"model_name": "m", "temperature": 0.5})
    read = genai.load_prompt(name, version=1)
    assert read.template == made.template == CHAT and read.response_format == schema
    assert read.model_config == {"model_name": "m", "temperature": 0.5}

    genai.set_prompt_tag(name, "owner", "ann")
    genai.set_prompt_tag(name, "owner", "bob")
    genai.set_prompt_tag(name, "state", "draft")
    genai.delete_prompt_tag(name, "state")
    assert genai.get_prompt_tags(name)["owner"] == "bob"
    assert "state" not in client.get_prompt(name).tags

    genai.set_prompt_version_tag(name, 1, "checked", "yes")
    genai.set_prompt_version_tag(name, 1, "by", "ann")
    genai.delete_prompt_version_tag(name, 1, "by")
    assert genai.load_prompt(name, version=1).tags == {"checked": "yes"}
    genai.refused("RESOURCE_DOES_NOT_EXIST", "set_prompt_version_tag", name, 9, "checked", "yes")

    genai.set_prompt_model_config(name, 1, {"model_name": "n", "max_tokens": 9})
    assert genai.load_prompt(name, version=1).model_config == {"model_name": "n", "max_tokens": 9}
    genai.delete_prompt_model_config(name, 1)
    assert genai.load_prompt(name, version=1).model_config is None

    client.set_prompt_version_tag(name, 1, RUNS_OF_A_PROMPT, RUN)
    assert [one.name for one in client.list_logged_prompts(RUN)] == [name]
    client.refused("INVALID_PARAMETER_VALUE", "detach_prompt_from_run", "other", f"prompts:/{name}/1")
    client.detach_prompt_from_run(RUN, f"prompts:/{name}/1")
    assert client.list_logged_prompts(RUN) == []
    client.delete_prompt(name)


def searches(client, _):
    genai = genai_of(client)
    made = [f"search.{number}" for number in range(5)]
    for number, name in enumerate(made):
        client.create_prompt(name, description=f"number {number}", tags={"odd": str(number % 2)})
    client.create_registered_model("search.model")
    mine = "name LIKE 'search.%'"

    def names(prompts):
        return [prompt.name for prompt in prompts]

    assert names(genai.search_prompts()) == names(genai.search_prompts(mine)) == made
    assert names(genai.search_prompts(f"{mine} AND tags.odd = '1'")) == made[1::2]
    assert names(genai.search_prompts(mine, order_by=["name DESC"], max_results=2)) == made[:2:-1]
    first = client.search_prompts(mine, max_results=3)
    rest = client.search_prompts(mine, max_results=3, page_token=first.token)
    assert names(first) + names(rest) == made
    genai.refused("INVALID_PARAMETER_VALUE", "search_prompts", "colour = 'red'")
    assert names(client.search_registered_models(mine)) == ["search.model"]

    for text in ("one", "two", "three"):
        client.create_prompt_version(made[0], text, description=f"said {text}", tags={"text": text})
    versions = client.search_prompt_versions(made[0], max_results=2)
    assert [version.template for version in versions] == ["three", "two"]
    rest = client.search_prompt_versions(made[0], max_results=2, page_token=versions.token)
    assert [version.template for version in rest] == ["one"]
    assert client.get_prompt_version(made[0], 2).template == "two"
    client.refused("INVALID_PARAMETER_VALUE", "search_prompt_versions", "search.model")
    assert client.search_model_versions(f"name = '{made[0]}'") == []

    for name in made:
        client.delete_prompt(name)
    client.delete_registered_model("search.model")
    assert genai.search_prompts(mine) == []


def prompts_are_no_models(client, _):
    genai = genai_of(client)
    genai.register_prompt("taken.prompt", "Hallo")
    client.create_registered_model("taken.model")
    client.create_model_version("taken.model", "s3://bucket/model")
    client.refused("RESOURCE_ALREADY_EXISTS", "create_prompt", "taken.prompt")
    client.refused("RESOURCE_ALREADY_EXISTS", "create_prompt", "taken.model")
    client.refused("RESOURCE_ALREADY_EXISTS", "create_registered_model", "taken.prompt")
    genai.refused("INVALID_PARAMETER_VALUE", "register_prompt", "taken.model", "Hallo")
    genai.refused("INVALID_PARAMETER_VALUE", "load_prompt", "prompts:/taken.model/1")
    client.refused("RESOURCE_DOES_NOT_EXIST", "get_registered_model", "taken.prompt")
    client.refused("RESOURCE_DOES_NOT_EXIST", "copy_model_version", "models:/taken.prompt/1", "copy")
    assert client.get_prompt("taken.model") is None
    client.delete_prompt("taken.prompt")
    client.delete_registered_model("taken.model")


def prompts_of_mlflow_2(client, _):
    name = "greeting.2"
    client.register_prompt(name, "Hallo {{wer}}", commit_message="first", tags={"team": "a"},
                           version_metadata={"author": "ann"})
    second = client.register_prompt(name, "Guten Tag {{wer}}", tags={"team": "b"})
    assert int(second.version) == 2
    for number in (1, 2, 1):  # forward and back
        client.set_prompt_alias(name, "production", number)
        assert int(client.load_prompt(f"prompts:/{name}@production").version) == number
    assert client.load_prompt(name, 2).template == "Guten Tag {{wer}}"
    assert int(client.load_prompt(name).version) == 2
    assert client.load_prompt(f"prompts:/{name}/1").version_metadata == {"author": "ann"}
    client.delete_prompt_alias(name, "production")
    client.refused("RESOURCE_DOES_NOT_EXIST", "load_prompt", f"prompts:/{name}@production")
    client.refused(LOST, "load_prompt", name, 9)

    client.log_prompt(RUN, f"prompts:/{name}/1")
    assert [int(one.version) for one in client.list_logged_prompts(RUN)] == [1]
    client.detach_prompt_from_run(RUN, f"prompts:/{name}/1")
    assert client.list_logged_prompts(RUN) == []

    client.delete_prompt(name, 1)
    client.refused(LOST, "load_prompt", name, 1)
    client.delete_prompt(name, 2)  # the last one takes the prompt along
    client.refused(LOST, "load_prompt", name)


if __name__ == "__main__":
    if mlflow.__version__.startswith("2."):
        play(prompts_of_mlflow_2)
    else:
        import mlflow.genai

        play(texts_and_aliases, tags_and_settings, searches, prompts_are_no_models)
