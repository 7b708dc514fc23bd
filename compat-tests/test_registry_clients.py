"""Every registry and prompt call of three generations of the client, on Millrace and on the real MLflow.

The calls are in programs/registry_calls.py and programs/prompt_calls.py, run by the interpreter of each client's environment.
"""

import pytest

from support.client_programs import play, play_on_both

SCRIPTS = {
    "3.17.2": ["registry_calls.py", "prompt_calls.py"],
    "2.22.5": ["registry_calls.py", "prompt_calls.py"],
    "2.9.2": ["registry_calls.py"],  # it knows no prompts
}
NOT_CALLED = {
    # They write to a run, a logged model and a trace; traces Millrace does not have yet.
    "link_prompt_version_to_run", "link_prompt_version_to_model", "link_prompt_versions_to_trace",
    # Millrace has no webhooks yet.
    "create_webhook", "get_webhook", "list_webhooks", "update_webhook", "delete_webhook", "test_webhook",
}


@pytest.mark.parametrize(
    ("version", "script"), [(version, script) for version, scripts in SCRIPTS.items() for script in scripts])
def test_a_client_sees_the_same_on_both_servers(version, script, millrace, mlflow_server):
    assert len(play_on_both(script, version, millrace, mlflow_server)["seen"]) > 20


@pytest.mark.parametrize("version", SCRIPTS)
def test_no_call_is_left_out(version, millrace):
    known, called = set(), set()
    for script in SCRIPTS[version]:
        answers = play(script, version, millrace)
        known |= set(answers["registry_methods"])
        called |= {one["call"] for one in answers["seen"]}
    assert known - called == known & NOT_CALLED
