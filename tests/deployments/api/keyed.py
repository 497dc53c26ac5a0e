"""A service that asks for keys, and clients that have them."""

from __future__ import annotations

from typing import Any

import httpx
from pydantic import SecretStr

from tests.deployments.api.conftest import ClientWith

ADMIN_KEY = "a-key-of-enough-length"
AUTH = {"mode": "api_key", "admin_key": SecretStr(ADMIN_KEY)}
Client = httpx.AsyncClient
Fields = dict[str, Any]


def carry(client: Client, key: str) -> Client:
    """Have the client send this key from now on."""
    client.headers["authorization"] = f"Token {key}"
    return client


async def keyed(client_with: ClientWith, **sections: Any) -> Client:
    """A new instance of the service, with the admin key."""
    return carry(await client_with(auth=AUTH, **sections), ADMIN_KEY)


def holder(client: Client, key: str) -> Client:
    """Another client of the same instance."""
    other = httpx.AsyncClient(transport=client._transport, base_url=client.base_url)
    return carry(other, key)


async def project(admin: Client, name: str = "shop") -> str:
    made = await admin.post("/v1/projects", json={"name": name})
    assert made.status_code == 201, made.text
    return str(made.json()["project_id"])


async def issue(admin: Client, **fields: Any) -> Fields:
    """A new key, as it is answered."""
    body = {"project_id": "default", "label": "test", "scopes": ["read", "write"]} | fields
    made = await admin.post("/v1/keys", json=body)
    assert made.status_code == 201, made.text
    return dict(made.json())


async def with_key(admin: Client, **fields: Any) -> Client:
    return holder(admin, (await issue(admin, **fields))["key"])
