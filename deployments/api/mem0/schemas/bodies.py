"""What the bodies of Mem0's calls hold, and what they mean in the domain."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from deployments.api.mem0.schemas import messages, times
from deployments.api.mem0.schemas.fields import Mem0Fields, ScopeIn
from deployments.api.mem0.schemas.paging import Paging
from deployments.api.schemas.fields import Content, Metadata
from memory.domain.clock import now
from memory.domain.conversation import Conversation
from memory.domain.errors import InvalidInput
from memory.domain.memory import UNSET, Correction, Scope, Unset
from memory.query import conditions, filter_parser
from memory.query.conditions import ANY, EVERYTHING, Condition, every
from memory.query.views import Query, Scale, Selection, View

MOST_MEMORIES = 1_000

# Of a read whose filters say whose memories it is about.
BY_FILTERS = Scope()

FiltersIn = Annotated[dict[str, Any], Field(description="docs/filters.md")]

# Seconds since 1970, a day, or an ISO 8601 time.
Moment = Annotated[int | float | str, BeforeValidator(times.written)]
Names = Annotated[list[str], Field(max_length=100)]
Instructions = Annotated[Content, Field(max_length=16_384)]


class AddIn(ScopeIn):
    """A conversation to remember. Whose it is may stand in `filters` as well. `supersedes` is ours:
    ids of memories that the only message replaces."""

    messages: Annotated[Any, Field(description="a text, a message, or a list of messages")]
    filters: FiltersIn | None = None
    metadata: Metadata | None = None
    infer: bool = True
    timestamp: Moment | None = None
    expiration_date: str | None = None
    immutable: bool = False
    custom_instructions: Instructions | None = None
    agent_custom_instructions: Instructions | None = None
    includes: Instructions | None = None
    excludes: Instructions | None = None
    custom_categories: Annotated[list[dict[str, str]], Field(max_length=100)] | None = None
    enable_graph: bool = False
    supersedes: Names | None = None
    structured_data_schema: dict[str, Any] | None = None
    prompt_profile_id: str | None = None
    temporal_reasoning: bool | None = None
    timezone: str | None = None
    observation_date: str | None = None
    observation_datetime: str | None = None
    memory_type: str | None = None

    _UNUSED: ClassVar[tuple[str, ...]] = (
        "structured_data_schema",
        "prompt_profile_id",
        "temporal_reasoning",
        "timezone",
        "observation_date",
        "observation_datetime",
        "memory_type",
    )

    def conversation(self) -> Conversation:
        """Raises InvalidInput, ScopeRequired."""
        spoken, unused = messages.said(self.messages)
        left = tuple(name for name in self._UNUSED if getattr(self, name) is not None)
        day = self.expiration_date
        said_at = None if self.timestamp is None else times.moment(self.timestamp, "timestamp")
        ends = None if day is None else times.end_of(day, "expiration_date")
        if ends is not None and ends <= (now() if said_at is None else said_at):
            raise InvalidInput(f"expiration_date {day} lies before the timestamp, or before today")
        return Conversation(
            messages=spoken,
            scope=_joined(self.scope(), self.filters),
            metadata=self.metadata or {},
            infer=self.infer,
            said_at=said_at,
            valid_to=ends,
            immutable=self.immutable,
            instructions=self.custom_instructions,
            agent_instructions=self.agent_custom_instructions,
            includes=self.includes,
            excludes=self.excludes,
            categories=self._categories(),
            graph=self.enable_graph,
            supersedes=tuple(dict.fromkeys(self.supersedes or ())),
            unused=left + unused,
        )

    def _categories(self) -> tuple[tuple[str, str], ...] | None:
        if self.custom_categories is None:
            return None
        return tuple(pair for category in self.custom_categories for pair in category.items())


class _Seen(Mem0Fields):
    """What a list or a search shows, and what more it asks of a memory."""

    filters: FiltersIn | None = None
    categories: Names | None = None
    metadata: Metadata | None = None
    fields: Names | None = None
    show_expired: bool = False
    latest_only: bool | None = None
    include_merged: bool = False

    def view(self) -> View:
        """Without a word about it, what has been superseded is not mixed in."""
        return View(
            superseded=self.latest_only is False or self.include_merged, expired=self.show_expired
        )

    def condition(self, **more: Any) -> Condition:
        """All that is asked for, `more` being fields of the filter language. InvalidInput."""
        if self.categories is not None:
            more["categories"] = {"in": self.categories}
        if self.metadata:
            more["metadata"] = self.metadata
        return every((filter_parser.parse(self.filters or {}), filter_parser.parse(more)))


class SearchIn(_Seen):
    query: Annotated[Content, Field(max_length=16_384)]
    top_k: Annotated[int, Field(ge=1, le=1_000)] = 10
    threshold: Annotated[float, Field(ge=0, le=1, description="0 switches it off")] = 0.1
    rerank: bool = False
    reference_date: Moment | None = None
    keyword_search: Annotated[bool, Field(description="words are always searched")] = False

    def query_in(self, scope: Scope = BY_FILTERS) -> Query:
        """The search; of a scope, for those who do not name it in their filters. InvalidInput."""
        reference = self.reference_date
        return Query(
            text=self.query.strip(),
            scope=scope,
            condition=self.condition(),
            limit=self.top_k,
            threshold=self.threshold,
            view=self.view(),
            scale=Scale.COSINE,
            reference=None if reference is None else times.moment(reference, "reference_date"),
            rerank=self.rerank,
        )


class ListIn(_Seen, Paging):
    """A list; `start_date` and `end_date` are of created_at, whole days if they are days."""

    start_date: str | None = None
    end_date: str | None = None
    keywords: str | None = None

    def selection(self, paging: Paging, scope: Scope = BY_FILTERS) -> Selection:
        """The page of the list; of a scope, as in query_in. Raises InvalidInput."""
        more: dict[str, Any] = {}
        dates = {"gte": self.start_date, "lte": self.end_date}
        if given := {name: date for name, date in dates.items() if date is not None}:
            times.check(self.start_date, "start_date")
            times.check(self.end_date, "end_date")
            more["created_at"] = given
        if self.keywords is not None:
            more["keywords"] = self.keywords
        condition = self.condition(**more)
        return Selection(
            scope=scope,
            condition=condition,
            view=self.view(),
            offset=paging.offset,
            limit=paging.size,
        )


class UpdateIn(Mem0Fields):
    """What to change of a memory. `expiration_date` null clears it."""

    CLEARED_BY_NULL: ClassVar[frozenset[str]] = frozenset({"expiration_date"})

    text: Content | None = None
    metadata: Metadata | None = None
    timestamp: Moment | None = None
    expiration_date: str | None = None

    def correction(self) -> Correction:
        """Raises InvalidInput, also if nothing is to be changed."""
        valid_to: int | Unset | None = UNSET
        if "expiration_date" in self.model_fields_set:
            day = self.expiration_date
            valid_to = None if day is None else times.end_of(day, "expiration_date")
        asked = Correction(
            content=UNSET if self.text is None else self.text,
            metadata=UNSET if self.metadata is None else self.metadata,
            valid_from=(
                UNSET if self.timestamp is None else times.moment(self.timestamp, "timestamp")
            ),
            valid_to=valid_to,
        )
        if asked == Correction():
            raise InvalidInput("give at least one of text, metadata, timestamp, expiration_date")
        return asked


class ItemIn(UpdateIn):
    memory_id: str


class BatchUpdateIn(Mem0Fields):
    memories: Annotated[list[ItemIn], Field(min_length=1, max_length=MOST_MEMORIES)]

    def corrections(self) -> dict[str, Correction]:
        """By memory id. Raises InvalidInput, with the index of what is wrong."""
        found: dict[str, Correction] = {}
        for index, item in enumerate(self.memories):
            if item.memory_id in found:
                raise InvalidInput(f"memories.{index}: each may be named once")
            try:
                found[item.memory_id] = item.correction()
            except InvalidInput as error:
                raise InvalidInput(f"memories.{index}: {error.message}") from None
        return found


class NamedIn(Mem0Fields):
    memory_id: str


class BatchDeleteIn(Mem0Fields):
    memories: Annotated[list[NamedIn], Field(min_length=1, max_length=MOST_MEMORIES)]


def refuse_entities(fields: ScopeIn) -> None:
    """v3's reads take entities in their filters alone; elsewhere they would be overlooked."""
    if fields.scope().given():
        raise InvalidInput('name entities in filters, such as {"user_id": "alice"}')


def _joined(scope: Scope, filters: dict[str, Any] | None) -> Scope:
    """The scope with the entities that filters name: one each. Raises InvalidInput."""
    if not filters:
        return scope
    condition = filter_parser.parse(filters)
    found = conditions.scopes(every((condition, _named(scope))))
    if len(found) != 1 or ANY in found[0].given().values():
        raise InvalidInput("filters of an add name one user_id, agent_id, app_id or run_id each")
    return found[0]


def _named(scope: Scope) -> Condition:
    return filter_parser.parse(scope.given()) if scope.given() else EVERYTHING
