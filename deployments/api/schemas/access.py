"""What is sent and answered about projects, keys and the audit trail."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from typing_extensions import TypedDict

from access.model import IssuedKey, Key, NewKey, ProjectRecord, Right
from deployments.api.schemas import limits
from deployments.api.schemas.fields import Body, Entity, Fields, Instant, instant
from memory.domain.clock import format_end, format_instant


def _named(value: str) -> str:
    if not limits.storable(value).strip():
        raise ValueError("must not be blank")
    return value


Name = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_named)]
Label = Annotated[str, Field(max_length=256), AfterValidator(limits.storable)]
ProjectId = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(limits.storable)]
# By value: JSON has no enums, and a body's types are strict.
Scopes = Annotated[list[Annotated[Right, Field(strict=False)]], Field(min_length=1, max_length=3)]

_KEY_ID = "key_0d5c7c1e6a0e4f0b9a552b1c6d9f1a10"
_PROJECT_ID = "proj_5a552b1c6d9f1a100d5c7c1e6a0e8f0b"


class ProjectIn(Body):
    name: Name

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "shop"}]})


class ProjectOut(TypedDict):
    project_id: Annotated[str, Field(examples=[_PROJECT_ID])]
    name: str
    created_at: str


class ProjectsOut(TypedDict):
    projects: list[ProjectOut]


class KeyIn(Body):
    """A key of a project. With `user_id` it holds that user's memories and no others."""

    project_id: ProjectId
    label: Label = ""
    user_id: Entity | None = None
    scopes: Scopes
    expires_at: Instant | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"project_id": "default", "label": "alice's phone", "scopes": ["read", "write"]}
            ]
        }
    )

    def draft(self) -> NewKey:
        return NewKey(
            project_id=self.project_id,
            label=self.label,
            user_id=self.user_id,
            rights=frozenset(self.scopes),
            expires_at=instant(self.expires_at, "expires_at"),
        )


class KeyParameters(Fields):
    project_id: ProjectId | None = None


class KeyOut(TypedDict):
    """A key without its secret, of which `prefix` is the beginning."""

    id: Annotated[str, Field(examples=[_KEY_ID])]
    prefix: Annotated[str, Field(examples=["m0-3kTq9x"])]
    project_id: Annotated[str, Field(examples=["default"])]
    label: str
    user_id: str | None
    scopes: list[Right]
    created_at: str
    expires_at: str | None


class NewKeyOut(KeyOut):
    """`key` is the secret: it is told this once and not kept."""

    key: str


class KeysOut(TypedDict):
    keys: list[KeyOut]


class AuditParameters(Fields):
    limit: Annotated[int, Field(ge=1, le=10_000)] = 100


class AuditEntryOut(TypedDict):
    """`key_id` is "admin" for the admin key and "none" if no keys are asked for; `project` is
    the one of the key, empty for these two."""

    at: str
    key_id: Annotated[str, Field(examples=[_KEY_ID])]
    action: Annotated[str, Field(examples=["DELETE /v1/keys/key_…"])]
    status: int
    request_id: str
    project: str


class AuditOut(TypedDict):
    entries: list[AuditEntryOut]


def project_out(project: ProjectRecord) -> ProjectOut:
    return {
        "project_id": project.id,
        "name": project.name,
        "created_at": format_instant(project.created_at),
    }


def key_out(key: Key) -> KeyOut:
    return {
        "id": key.id,
        "prefix": key.prefix,
        "project_id": key.project_id,
        "label": key.label,
        "user_id": key.user_id,
        "scopes": [right for right in Right if right in key.rights],
        "created_at": format_instant(key.created_at),
        "expires_at": format_end(key.expires_at),
    }


def new_key_out(issued: IssuedKey) -> NewKeyOut:
    return {**key_out(issued.key), "key": issued.secret}
