"""How a refusal to start gets out of Ray."""

import pytest
from ray.serve.schema import ServeDeploySchema

from deployments.preflight import (
    read_config,
)
from deployments.refusal import refusal_in, refusals
from memory.domain.errors import StartupRefused


def refusal(path):
    with pytest.raises(StartupRefused) as raised:
        read_config(path, ServeDeploySchema)
    assert "\n" not in raised.value.message
    return raised.value.message


def test_a_refusal_is_found_in_any_status():
    with pytest.raises(RuntimeError) as raised, refusals():
        raise StartupRefused("the data is of another model;\nsee the README")
    text = "the data is of another model; see the README"
    assert str(raised.value) == f"mem0g: {text}"
    assert (
        refusal_in(
            f"Failed.\nTraceback …\ndeployments.refusal.RefusedToStart: mem0g: {text}\n\nRetrying"
        )
        == text
    )
    assert refusal_in("Traceback …\nValueError: nothing of ours") is None
