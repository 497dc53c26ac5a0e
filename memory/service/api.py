"""The memory service as its callers see it: the HTTP edge, in process or over a Ray handle.

The service has parts, each a protocol here. Every call names its caller and so its project. An id
that is malformed, missing or another project's raises NotFound. A dependency that is down raises
StoreUnavailable, and nothing is changed then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from memory.domain.caller import Caller
from memory.domain.conversation import Conversation
from memory.domain.erasures import Erasure, Inspection, ReceiptFields
from memory.domain.errors import Refused
from memory.domain.feedback import Feedback
from memory.domain.jobs import Job, JobKind, JobPage
from memory.domain.memory import Correction, Edge, Memory, NewEdge, NewMemory, Owner, Scope, Unset
from memory.domain.records import Entry, Record
from memory.domain.reports import Schema, Summary
from memory.domain.results import (
    Added,
    Found,
    GraphDifference,
    GraphPage,
    Neighbourhood,
    Page,
    Path,
    Relationships,
)
from memory.domain.selections import Entity, Selected
from memory.domain.tasks import Task
from memory.domain.transfer import Brought, Inventory, Mark, OwnerPage
from memory.query.filter_parser import Filters
from memory.query.views import ANY_EDGE, NOW, Query, Selection, View, Walk

Method = TypeVar("Method", bound=Callable[..., Any])


def finished(method: Method) -> Method:
    """Marks a write that is carried to its end once it was begun, even if its caller goes away."""
    method.finished = True  # type: ignore[attr-defined]
    return method


class Memories(Protocol):
    """Memories one by one, several at once, and in lists."""

    @finished
    async def add(self, caller: Caller, drafts: Sequence[NewMemory]) -> list[Added | Refused]:
        """One answer a draft, in order; each draft is stored wholly or not at all."""
        ...

    async def get(self, caller: Caller, memory_id: str, view: View = NOW) -> Memory:
        """The version known at known_at, whether or not it is valid now; NotFound where the view
        names an as_of at which it was not valid."""
        ...

    @finished
    async def correct(self, caller: Caller, memory_id: str, correction: Correction) -> Memory:
        """Raises VersionMismatch where if_version is not the last version."""
        ...

    @finished
    async def erase(self, caller: Caller, memory_id: str) -> int:
        """Remove content, vectors, versions and the edges on both ends, from every past as well;
        returns the record time, microseconds."""
        ...

    async def correct_each(
        self, caller: Caller, corrections: Mapping[str, Correction]
    ) -> list[Refused | None]:
        """By memory id; None where it is done, in order. One that is refused keeps no other
        back."""
        ...

    async def erase_each(self, caller: Caller, memory_ids: Sequence[str]) -> list[Refused | None]:
        """As correct_each."""
        ...

    async def erase_line(self, caller: Caller, memory_id: str) -> tuple[int, int | None]:
        """Erase a memory, all that it superseded, and that they did, the oldest first; returns
        the record time and how many there were besides, None where it was erased before."""
        ...

    async def history(self, caller: Caller, memory_id: str) -> list[Memory]:
        """Every version, oldest first."""
        ...

    async def page(
        self,
        caller: Caller,
        scope: Scope,
        limit: int,
        cursor: str | None,
        newest: bool,
        view: View = NOW,
    ) -> Page:
        """Memories of the view, by created_at. A cursor keeps the instants of its first page."""
        ...

    async def select(self, caller: Caller, selection: Selection) -> Selected:
        """The memories of the selection's view that meet its condition, newest valid_from first.
        Raises ScopeRequired where neither its scope nor every branch of its condition names an
        entity, Forbidden where one of them is not the caller's."""
        ...

    async def entities(self, caller: Caller, only: Owner | None = None) -> list[Entity]:
        """Every entity that a memory names, or this one, by kind and value."""
        ...

    @finished
    async def rate(self, caller: Caller, memory_id: str, feedback: Feedback | None) -> None:
        """The last feedback stands; None takes it back."""
        ...

    async def feedback(self, caller: Caller, memory_id: str) -> Feedback | None: ...


class Search(Protocol):
    """Memories by meaning and by words."""

    async def find(self, caller: Caller, query: Query) -> list[Found]:
        """Memories of the query's view at or above the threshold, best first, each judged by
        the text that was known then."""
        ...


class Graph(Protocol):
    """Relationships between memories, and walks along them."""

    @finished
    async def relate(self, caller: Caller, edge: NewEdge) -> tuple[Edge, bool]:
        """The edge, and whether it is new."""
        ...

    async def relationships(
        self, caller: Caller, memory_id: str, walk: Walk, view: View = NOW
    ) -> Relationships:
        """Edges of a memory in the view. A memory that the view does not show has
        none, and is NotFound where the view names an instant; so for `related` and `path`."""
        ...

    @finished
    async def amend_edge(
        self,
        caller: Caller,
        memory_id: str,
        edge_id: str,
        valid_to: int | Unset | None,
        metadata: Mapping[str, Any] | Unset,
    ) -> Edge:
        """A new version of an edge of this memory; valid_to None reopens it."""
        ...

    @finished
    async def retract_edge(self, caller: Caller, memory_id: str, edge_id: str) -> int:
        """Not known from now on; returns that record time, microseconds."""
        ...

    async def related(
        self, caller: Caller, memory_id: str, walk: Walk, limit: int, view: View = NOW
    ) -> Neighbourhood:
        """Breadth first, nearest first, each memory once, without the start."""
        ...

    async def path(
        self, caller: Caller, start_id: str, end_id: str, walk: Walk, view: View = NOW
    ) -> Path:
        """A shortest way of at most walk.depth edges; the same one each time."""
        ...

    async def page(
        self,
        caller: Caller,
        scope: Scope,
        limit: int,
        cursor: str | None = None,
        walk: Walk = ANY_EDGE,
        view: View = NOW,
    ) -> GraphPage:
        """Memories of the view, newest first, with the edges between them."""
        ...

    async def difference(
        self,
        caller: Caller,
        scope: Scope,
        start: int,
        end: int,
        limit: int,
        cursor: str | None = None,
        known_at: int | None = None,
    ) -> GraphDifference:
        """The graph as of `end` against the graph as of `start`, both as known at known_at. A
        page looks at `limit` memories."""
        ...


class Jobs(Protocol):
    """Work that may outlive its request."""

    @finished
    async def remember(self, caller: Caller, conversation: Conversation) -> Job:
        """With `infer`, a language model, and nothing that it `supersedes`, the job is PENDING, and
        carried out later; otherwise every message is stored as it stands, and the job has
        SUCCEEDED. What `add` would refuse is raised where nothing else was asked for; InvalidInput
        where `supersedes` comes with more than one message, or none."""
        ...

    @finished
    async def forget(self, caller: Caller, kind: JobKind, filters: Filters) -> Job:
        """Erase every memory that meets the filters. A job that ends soon is answered as ended.
        Raises, before anything is done, ScopeRequired where a branch of them names no entity and
        Forbidden where one names a user who is not the caller's."""
        ...

    async def get(self, caller: Caller, job_id: str) -> Job:
        """NotFound for one that was never there, is older than seven days, or is another's."""
        ...

    async def page(self, caller: Caller, offset: int, limit: int) -> JobPage: ...


class Erasures(Protocol):
    """Whole entities erased, with a receipt."""

    @finished
    async def erase(self, caller: Caller, scope: Scope, known: bool = False) -> Erasure:
        """Remove every memory that names the one entity of the scope, with all that hangs on it.
        Answers within half of the deadline; what takes longer goes on and can be asked for.
        `known` raises NotFound where nothing names the entity."""
        ...

    async def get(self, caller: Caller, erasure_id: str) -> Inspection:
        """NotFound for an id that was never given out, and for one of another entity where the
        caller is bound to a user."""
        ...

    async def check(self, caller: Caller, receipt: ReceiptFields, scope: Scope) -> Inspection:
        """A receipt that somebody kept. Where the scope names its entity, memories of owners that
        the erasure did not touch count as well; InvalidInput where it names another one."""
        ...


class Transfer(Protocol):
    """Export and import, backup and restore."""

    async def export(
        self, caller: Caller, scope: Scope, mark: Mark | None = None, known_at: int | None = None
    ) -> OwnerPage:
        """A page of exactly the owner that the scope names with one field. The first page pins
        the record time: now, or an earlier `known_at`."""
        ...

    @finished
    async def import_records(
        self, caller: Caller, scope: Scope | None, records: Sequence[Record]
    ) -> list[Brought | Refused]:
        """One answer a record, in order; the same records again change nothing. With a scope of
        one field they become that owner's. Ids stay where project and owner do, and are otherwise
        new ones, the same each time. What was brought can be searched for."""
        ...

    async def inventory(self, caller: Caller) -> Inventory:
        """Begin a backup of everything."""
        ...

    async def owner_pages(self, caller: Caller, marks: Sequence[Mark]) -> list[OwnerPage]:
        """A page of each owner, in order, that share the bounds of one page."""
        ...

    @finished
    async def restore_entries(
        self, caller: Caller, entries: Sequence[Entry]
    ) -> list[Brought | Refused]:
        """Put back what belongs to no owner. Refused where it stands with another secret and is in
        use."""
        ...

    @finished
    async def restore_records(
        self, caller: Caller, records: Sequence[tuple[str, Record]]
    ) -> list[Brought | Refused]:
        """Put back records with the id of their project; every id stays."""
        ...


class Reports(Protocol):
    """Memories in the shape of a schema, or told in few sentences."""

    @finished
    async def save(
        self, caller: Caller, filters: Filters, schema: Schema, instructions: str = ""
    ) -> str:
        """Its id, by which it is found for seven days. Raises InvalidInput where nothing here can
        fill the schema."""
        ...

    async def read(
        self, caller: Caller, report_id: str | None, filters: Filters | None = None
    ) -> Any:
        """What the schema asks for: of the report with this id, or of the last one saved with
        these filters. Raises NotFound, also for a key bound to a
        user where no such key saved it, and InvalidInput where there are too many memories."""
        ...

    async def summarise(self, caller: Caller, filters: Filters) -> Summary: ...


class Maintenance(Protocol):
    """Upkeep of the stores, as tasks. A call answers the task at once. If one of its kind and
    project runs already, it answers that one.

    `project_id` None is all projects. The edge has found that a caller may administer what they
    name. A caller that is bound to a user never may: Forbidden.
    """

    @finished
    async def verify(self, caller: Caller, project_id: str | None, dry_run: bool = False) -> Task:
        """Compare record and index, and mend what differs unless it is a `dry_run`."""
        ...

    @finished
    async def rebuild(self, caller: Caller, project_id: str | None) -> Task:
        """Index everything again from the record, beside what is there."""
        ...

    @finished
    async def compact(self, caller: Caller, project_id: str | None) -> Task:
        """Make erasure physical: overwrite what was erased in the files of both stores."""
        ...

    @finished
    async def erase_project(self, caller: Caller, project_id: str) -> Task:
        """Erase a project; of the default one its contents only. Raises NotFound."""
        ...

    async def task(self, caller: Caller, task_id: str) -> Task:
        """Raises NotFound, also a week after it began."""
        ...

    async def tasks(self, caller: Caller) -> list[Task]:
        """Those of the last week, newest first."""
        ...


class Health(Protocol):
    """Whether the service can work."""

    async def ready(self) -> dict[str, str]:
        """State of each dependency: begins with "ok", or says what is wrong."""
        ...


class Service(Protocol):
    """All parts. The name of a remote operation is "part.method", such as "memories.add"."""

    memories: Memories
    search: Search
    graph: Graph
    jobs: Jobs
    erasures: Erasures
    transfer: Transfer
    reports: Reports
    maintenance: Maintenance
    health: Health


PARTS: Mapping[str, type] = {
    "memories": Memories,
    "search": Search,
    "graph": Graph,
    "jobs": Jobs,
    "erasures": Erasures,
    "transfer": Transfer,
    "reports": Reports,
    "maintenance": Maintenance,
    "health": Health,
}
"""The parts by their names in Service."""
