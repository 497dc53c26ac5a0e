"""A null is the same as leaving a field out, and a session has two names."""

from __future__ import annotations

from deployments.api.mem0.schemas.bodies import UpdateIn
from deployments.api.mem0.schemas.fields import ScopeIn


def test_a_null_is_left_out_unless_it_clears_something() -> None:
    assert ScopeIn.model_validate({"user_id": None, "agent_id": "guide"}).model_fields_set == {
        "agent_id"
    }
    given = UpdateIn.model_validate({"text": None, "expiration_date": None})
    assert given.model_fields_set == {"expiration_date"}


def test_a_run_is_a_session_by_another_name() -> None:
    assert ScopeIn(run_id="monday").scope().session_id == "monday"
    assert ScopeIn(session_id="monday").scope().session_id == "monday"
    assert ScopeIn(run_id="monday", session_id="other").scope().session_id == "monday"
