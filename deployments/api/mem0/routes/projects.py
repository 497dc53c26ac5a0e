"""Routes of organizations, projects and members, as Mem0's clients know them. There is one
organization, and it has every project."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator, Field, StringConstraints
from typing_extensions import TypedDict

from access import Access
from access.door import require_everywhere
from access.model import Member, Pass, ProjectDetails, ProjectRecord, Right
from access.projects import require_seen
from deployments.api.mem0.routes.ping import ORGANISATION
from deployments.api.mem0.schemas.fields import Mem0Fields
from deployments.api.mem0.schemas.responses import MessageOut
from deployments.api.middleware.permissions import HOLDS_RIGHT
from deployments.api.routes.dependencies import Visitor
from deployments.api.routes.projects import ADMIN_KEY_ONLY
from deployments.api.routes.routing import new_router
from deployments.api.schemas.access import Name
from deployments.api.schemas.serialize import Json
from memory.domain.caller import DEFAULT_PROJECT
from memory.domain.clock import format_instant
from memory.domain.errors import NotFound
from memory.service.api import Maintenance

_AREA = "/api/v1/orgs/organizations"
_LISTED = "members are listed only: keys give access here, POST /v1/keys"


def _text(given: Any) -> Any:
    if isinstance(given, list) and all(isinstance(line, str) for line in given):
        return "\n".join(given)
    return given


Words = Annotated[str, Field(max_length=16_384)]

# A text, or a list of its lines.
Instructions = Annotated[Words, BeforeValidator(_text)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$")]
Category = Annotated[str, Field(min_length=1, max_length=256)]

# A name with a text about it, or the bare name.
Described = Annotated[
    dict[Category, Annotated[str, Field(max_length=2_048)]],
    Field(max_length=1),
    BeforeValidator(lambda given: {given: ""} if isinstance(given, str) else given),
]


class NamedProjectIn(Mem0Fields):
    name: Name
    description: Words = ""


class ChangeIn(Mem0Fields):
    """What to change; the empty text clears. Other settings of Mem0's have no meaning here, and the
    answer names those that are given."""

    name: Name | None = None
    description: Words | None = None
    custom_instructions: Instructions | None = None
    agent_custom_instructions: Instructions | None = None
    custom_categories: Annotated[list[Described], Field(max_length=100)] | None = None
    multilingual: bool | None = None
    decay: bool | None = None
    usecase_setting: Any = None
    memory_depth: Any = None
    enable_graph: Any = None
    version: Any = None

    UNUSED: ClassVar[tuple[str, ...]] = (
        "usecase_setting",
        "memory_depth",
        "enable_graph",
        "version",
    )
    CLEARED_BY_NULL: ClassVar[frozenset[str]] = frozenset(
        ("custom_instructions", "agent_custom_instructions", "custom_categories")
    )

    def preferences(self) -> dict[str, Any]:
        """Those that are given, as memory.domain.preferences.Preferences has them."""
        changes = self.model_dump(exclude={"name", *self.UNUSED}, exclude_unset=True)
        for field in ("custom_instructions", "agent_custom_instructions"):
            if field in changes:
                changes[field] = changes[field] or ""
        if "custom_categories" in changes:
            changes["custom_categories"] = [
                pair for category in changes["custom_categories"] or () for pair in category.items()
            ]
        return changes


class MemberIn(Mem0Fields):
    email: Email
    role: Annotated[str, Field(pattern="^(READER|OWNER)$")] = "READER"

    def member(self) -> Member:
        return Member(self.email, self.role)


class MemberOut(TypedDict):
    username: str
    email: str
    role: str


class MembersOut(TypedDict):
    members: list[MemberOut]


class OrganisationOut(MembersOut):
    org_id: str
    name: str
    description: str


class ListedProjectOut(TypedDict):
    project_id: str
    org_id: str
    name: str
    created_at: str


class DetailsOut(MembersOut, ListedProjectOut):  # this order is that of the fields
    """The settings that are null have no meaning here."""

    description: str
    updated_at: str
    custom_instructions: str
    agent_custom_instructions: str
    custom_categories: list[dict[str, str]]
    multilingual: bool
    decay: bool
    enable_graph: bool
    is_default: bool
    user_role: str
    usecase: None
    memory_depth: None
    inclusion_prompt: None
    exclusion_prompt: None
    expiration_date: None
    version: None
    active_prompt_profile: None


class MadeOut(MessageOut):
    project_id: str


class EndingOut(MessageOut):
    task_id: str


def routes() -> APIRouter:
    router = new_router("mem0")

    @router.get(_AREA, response_model=list[OrganisationOut])
    async def organizations() -> Json:
        """The one organization there is."""
        return Json([_ORGANISATION])

    return router


def routes_within(maintenance: Maintenance, access: Access) -> APIRouter:
    """Of the one organization."""
    router = new_router(
        "mem0", prefix=f"{_AREA}/{{org_id}}", dependencies=[HOLDS_RIGHT, Depends(_known)]
    )
    one = "/projects/{project_id}"

    @router.get("", response_model=OrganisationOut)
    async def organization() -> Json:
        """The organization of every project."""
        return Json(_ORGANISATION)

    @router.get("/projects", response_model=list[ListedProjectOut])
    async def page(visitor: Visitor) -> Json:
        """Every project that the caller may see."""
        if visitor.everywhere:
            found = await access.projects.all()
        else:
            found = [await access.projects.get(visitor.caller.project)]
        return Json([*map(record_out, found)])

    @router.post("/projects", response_model=MadeOut)
    async def create(body: NamedProjectIn, visitor: Visitor) -> Json:
        """Make a project. Its keys are made with POST /v1/keys."""
        require_everywhere(visitor, ADMIN_KEY_ONLY)
        made, _ = await access.projects.create(visitor, body.name)
        if body.description:
            await access.projects.change(made.id, {"description": body.description})
        return Json({"message": "Project created successfully", "project_id": made.id})

    @router.get(one, response_model=DetailsOut)
    async def get(project_id: str, visitor: Visitor) -> Json:
        """A project with all its settings, whichever fields are asked for."""
        require_seen(visitor, project_id)
        return Json(details_out(await access.projects.details(project_id), visitor))

    @router.patch(one, response_model=MessageOut)
    async def change(project_id: str, body: ChangeIn, visitor: Visitor) -> Json:
        """Change settings; those left out stay. They count for every replica within a second."""
        require_seen(visitor, project_id)
        await access.projects.change(project_id, body.preferences(), body.name)
        unused = ", ".join(name for name in body.UNUSED if name in body.model_fields_set)
        told = f"; of no meaning here: {unused}" if unused else ""
        return Json({"message": f"Project updated successfully{told}"})

    @router.delete(one, response_model=EndingOut)
    async def erase(project_id: str, visitor: Visitor) -> Json:
        """Erase a project with all that it holds, and revoke its keys; of the default one only
        its contents. GET /v1/admin/tasks/{task_id} tells when it is done."""
        require_everywhere(visitor, ADMIN_KEY_ONLY)
        await access.projects.get(project_id)
        task = await maintenance.erase_project(visitor.caller, project_id)
        return Json({"message": "Project deletion has begun", "task_id": task.id})

    @router.get(f"{one}/members", response_model=MembersOut)
    async def members(project_id: str, visitor: Visitor) -> Json:
        """Whom the project lists."""
        require_seen(visitor, project_id)
        details = await access.projects.details(project_id)
        return Json({"members": [*map(member_out, details.members)]})

    @router.post(f"{one}/members", response_model=MessageOut)
    async def add_member(project_id: str, body: MemberIn, visitor: Visitor) -> Json:
        """List somebody. This gives no access."""
        require_seen(visitor, project_id)
        await access.projects.add_member(project_id, body.member())
        return Json({"message": f"Member added; {_LISTED}"})

    @router.put(f"{one}/members", response_model=MessageOut)
    async def change_member(project_id: str, body: MemberIn, visitor: Visitor) -> Json:
        """Change a role. This changes no access."""
        require_seen(visitor, project_id)
        await access.projects.change_member(project_id, body.member())
        return Json({"message": f"Member updated; {_LISTED}"})

    @router.delete(f"{one}/members", response_model=MessageOut)
    async def remove_member(
        project_id: str, email: Annotated[Email, Query()], visitor: Visitor
    ) -> Json:
        """List somebody no more. This takes no access."""
        require_seen(visitor, project_id)
        await access.projects.remove_member(project_id, email)
        return Json({"message": f"Member removed; {_LISTED}"})

    return router


_ORGANISATION = {"org_id": ORGANISATION, "name": "Mem0g", "description": "", "members": []}


async def _known(org_id: str) -> None:
    if org_id != ORGANISATION:
        raise NotFound(f"no organization {org_id[:60]!r}; there is one, {ORGANISATION}")


def record_out(project: ProjectRecord) -> ListedProjectOut:
    return {
        "project_id": project.id,
        "org_id": ORGANISATION,
        "name": project.name,
        "created_at": format_instant(project.created_at),
    }


def details_out(details: ProjectDetails, visitor: Pass) -> DetailsOut:
    preferred = details.preferences
    return {
        **record_out(details.project),
        "description": preferred.description,
        "updated_at": format_instant(details.updated_at),
        "members": [*map(member_out, details.members)],
        "custom_instructions": preferred.custom_instructions,
        "agent_custom_instructions": preferred.agent_custom_instructions,
        "custom_categories": [{name: text} for name, text in preferred.custom_categories],
        "multilingual": preferred.multilingual,
        "decay": preferred.decay,
        "enable_graph": True,
        "is_default": details.project.id == DEFAULT_PROJECT,
        "user_role": "OWNER" if Right.ADMIN in visitor.rights else "READER",
        "usecase": None,
        "memory_depth": None,
        "inclusion_prompt": None,
        "exclusion_prompt": None,
        "expiration_date": None,
        "version": None,
        "active_prompt_profile": None,
    }


def member_out(member: Member) -> MemberOut:
    return {"username": member.username, "email": member.email, "role": member.role}
