"""What Mem0's own client does besides memories: exports, feedback, its project, and what is
refused because it is not to be had here."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from mem0 import MemoryClient
from mem0.exceptions import MemoryNotFoundError, ValidationError

ALICE = {"user_id": "alice"}
LIST = {"properties": {"memories": {"type": "array", "items": {"type": "string"}}}}


def said(client: MemoryClient, text: str, **fields: Any) -> str:
    added = client.add(text, **{"user_id": "alice", "infer": False, **fields})
    return str(added["results"][0]["id"])


@pytest.mark.covers("create_memory_export", "get_memory_export")
def test_memories_are_exported_in_a_shape_of_ones_own(mem0: MemoryClient) -> None:
    said(mem0, "likes tea")
    export = mem0.create_memory_export(schema=LIST, filters=ALICE)
    said(mem0, "likes figs")
    assert mem0.get_memory_export(memory_export_id=export["id"]) == {"memories": ["likes tea"]}
    mem0.create_memory_export(schema=LIST, **ALICE)
    assert sorted(mem0.get_memory_export(**ALICE)["memories"]) == ["likes figs", "likes tea"]
    with pytest.raises(ValidationError, match="language model"):
        mem0.create_memory_export(schema={"properties": {"mood": {}}}, filters=ALICE)
    with pytest.raises(MemoryNotFoundError):
        mem0.get_memory_export(user_id="nobody")


@pytest.mark.covers("get_summary")
def test_memories_are_summed_up(mem0: MemoryClient) -> None:
    said(mem0, "Likes tea")
    said(mem0, "Has a dog")
    (summary,) = mem0.get_summary(filters=ALICE)
    assert summary["summary"] == "Likes tea. Has a dog."
    with pytest.raises(ValidationError):
        mem0.get_summary()


@pytest.mark.covers("feedback")
def test_feedback_is_kept(mem0: MemoryClient) -> None:
    memory = said(mem0, "likes tea")
    told = mem0.feedback(memory, "negative", "it was coffee")
    assert told == {"id": memory, "feedback": "NEGATIVE", "feedback_reason": "it was coffee"}
    assert mem0.feedback(memory)["feedback"] is None
    mem0.delete(memory)
    with pytest.raises(MemoryNotFoundError):
        mem0.feedback(memory, "POSITIVE")


@pytest.mark.covers("project.get", "project.update", "get_project", "update_project")
def test_settings_of_the_project_are_changed_and_read(mem0: MemoryClient) -> None:
    mem0.project.update(custom_instructions="Only plants.", decay=True)
    categories = [{"plants": "what grows"}]
    mem0.update_project(custom_categories=categories, memory_depth="deep")
    mem0.project.update(agent_custom_instructions="What was promised.")
    for found in (mem0.project.get(fields=["custom_instructions"]), mem0.get_project()):
        assert found["custom_instructions"] == "Only plants."
        assert found["agent_custom_instructions"] == "What was promised."
        assert found["custom_categories"] == categories
        assert (found["decay"], found["multilingual"]) == (True, False)
        assert found["project_id"] == mem0.project_id


@pytest.mark.covers("project.create", "project.delete")
def test_projects_are_made_and_emptied(mem0: MemoryClient) -> None:
    made = mem0.project.create("garden", description="what grows")
    assert isinstance(made["project_id"], str)
    said(mem0, "likes tea")
    assert "deletion" in mem0.project.delete()["message"]
    deadline = time.monotonic() + 20
    while mem0.get_all(filters=ALICE)["results"]:
        assert time.monotonic() < deadline, "the project is not emptied"
        time.sleep(0.1)


@pytest.mark.covers(
    "project.add_member", "project.get_members", "project.update_member", "project.remove_member"
)
def test_members_are_listed_and_get_no_access_by_it(mem0: MemoryClient) -> None:
    assert "keys give access" in mem0.project.add_member("kim@garden.example")["message"]
    mem0.project.add_member("ada@garden.example", role="OWNER")
    mem0.project.update_member("kim@garden.example", role="OWNER")
    mem0.project.remove_member("ada@garden.example")
    listed = mem0.project.get_members()["members"]
    assert listed == [{"username": "kim", "email": "kim@garden.example", "role": "OWNER"}]
    with pytest.raises(ValidationError, match="already"):
        mem0.project.add_member("kim@garden.example")
    with pytest.raises(MemoryNotFoundError):
        mem0.project.remove_member("ada@garden.example")


@pytest.mark.covers("get_webhooks", "create_webhook", "update_webhook", "delete_webhook")
def test_webhooks_are_refused_and_not_pretended(mem0: MemoryClient) -> None:
    project = mem0.project_id or ""
    with pytest.raises(ValidationError, match="events/stream"):
        mem0.create_webhook("https://hook.example", "all", project, ["memory_add"])
    assert mem0.get_webhooks(project) == []
    for change in (lambda: mem0.update_webhook(7, name="new"), lambda: mem0.delete_webhook(7)):
        with pytest.raises(MemoryNotFoundError):
            change()


@pytest.mark.covers(
    "get_profile",
    "generate_profile",
    "get_profile_job",
    "sample_profiles",
    "get_profile_settings",
    "update_profile_settings",
)
def test_profiles_are_said_to_be_switched_off(mem0: MemoryClient) -> None:
    said(mem0, "likes tea", user_id="team/a")
    profile = mem0.get_profile("team/a")
    assert (profile["status"], profile["entity_id"]) == ("not_enabled", "team/a")
    with pytest.raises(MemoryNotFoundError):
        mem0.get_profile("nobody")
    for refused in (
        lambda: mem0.generate_profile("team/a"),
        lambda: mem0.sample_profiles(limit=3),
        lambda: mem0.update_profile_settings(enabled=True),
        lambda: mem0.update_profile_settings(schema={"properties": {}}),
    ):
        with pytest.raises(ValidationError, match="generates no profiles"):
            refused()
    with pytest.raises(MemoryNotFoundError):
        mem0.get_profile_job("0d5c7c1e-6a0e-4f0b-9a55-2b1c6d9f1a10")
    settings = httpx.URL(mem0.host).join("/v2/profiles/settings/")
    assert httpx.post(settings, json={"schema": {"properties": {}}}).status_code == 400
    assert httpx.post(settings, json={"entities": {"user": None}}).status_code == 200
    assert mem0.update_profile_settings(enabled=False) == mem0.get_profile_settings()
    assert mem0.get_profile_settings()["enabled"] is False
