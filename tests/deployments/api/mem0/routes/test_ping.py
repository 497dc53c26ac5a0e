"""What Mem0's clients ask first."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from mem0 import MemoryClient
from mem0.exceptions import AuthenticationError

from tests.deployments.api.conftest import ADMIN_KEY, AUTH, HostWith

ALICE = {"user_id": "alice"}


def test_a_key_opens_its_project_only(host_with: HostWith) -> None:
    host = host_with(auth=AUTH)
    with pytest.raises(ValueError, match="key"):
        MemoryClient(api_key="m0-wrong", host=host)
    admin = httpx.Client(base_url=host, headers={"X-API-Key": ADMIN_KEY})
    shop = admin.post("/v1/projects", json={"name": "shop"}).json()["project_id"]

    def client(*scopes: str, **fields: Any) -> MemoryClient:
        body = {"project_id": shop, "label": "test", "scopes": scopes} | fields
        return MemoryClient(api_key=admin.post("/v1/keys", json=body).json()["key"], host=host)

    writer = client("read", "write")
    assert writer.project_id == shop
    writer.add("likes tea", user_id="alice", infer=False)
    writer.add("likes figs", user_id="bob", infer=False)
    stars = {f"{name}_id": "*" for name in ("user", "agent", "app", "run")}
    for call in (
        lambda: client("read").add("x", user_id="alice"),
        lambda: writer.delete_all(**stars),
        lambda: writer.delete_all(filters={"OR": [{name: "*"} for name in stars]}),
        lambda: client("read", "write", user_id="bob").search("tea", filters=ALICE),
        lambda: client("read", "write", user_id="bob").delete_all(**ALICE),
    ):
        with pytest.raises(AuthenticationError):
            call()
    bobs = client("read", "write", user_id="bob")
    assert [each["memory"] for each in bobs.get_all(filters={"user_id": "*"})["results"]] == [
        "likes figs"
    ]
    assert writer.get_all(filters={"user_id": "*"})["count"] == 2
    assert MemoryClient(api_key=ADMIN_KEY, host=host).get_all(filters={"user_id": "*"})[
        "count"
    ] == 0  # fmt: skip
    client("read", "write", "admin").delete_all(**stars)
    assert writer.get_all(filters={"user_id": "*"})["count"] == 0
