"""Puts memories into the shape of a JSON Schema without understanding them.

That works if the schema asks for a list of memories, which the names of the fields tell:

    {"properties": {"memories": {"type": "array", "items": {"$ref": "#/$defs/Memory"}},
                    "count": {"type": "integer"}}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from memory.domain.clock import format_end, format_instant
from memory.domain.memory import Memory

_FIELDS: Mapping[str, Callable[[Memory], Any]] = {
    **dict.fromkeys(("id", "memory_id"), lambda memory: memory.id),
    **dict.fromkeys(("memory", "content", "text", "fact"), lambda memory: memory.content),
    "user_id": lambda memory: memory.scope.user_id,
    "agent_id": lambda memory: memory.scope.agent_id,
    "app_id": lambda memory: memory.scope.app_id,
    **dict.fromkeys(("run_id", "session_id"), lambda memory: memory.scope.session_id),
    "metadata": lambda memory: dict(memory.metadata),
    "categories": lambda memory: [*memory.categories],
    "role": lambda memory: memory.role,
    "actor_id": lambda memory: memory.actor_id,
    **dict.fromkeys(("created_at", "valid_from"), lambda memory: format_instant(memory.valid_from)),
    "valid_to": lambda memory: format_end(memory.valid_to),
    "expiration_date": lambda memory: memory.last_day,
    "updated_at": lambda memory: format_instant(memory.recorded_at),
}
# The JSON types of the fields that are no texts.
_KINDS = {"metadata": "object", "categories": "array"}
# An object with one of these fields is a memory.
_TELLING = frozenset({"id", "memory_id", "memory", "content", "text", "fact"})
# A list of texts with one of these names is a list of memories.
_TEXTS = frozenset({"memories", "memory", "contents", "texts", "facts", "results"})
# A number with one of these names is the number of memories.
_COUNTS = frozenset({"count", "total", "total_memories"})
_MOST_REFERENCES = 20

Node = Mapping[str, Any]
Fill = Callable[[Sequence[Memory]], Any]


def filler(schema: Node) -> Fill | None:
    """A function that fills the schema with memories. None if the schema asks for anything else."""
    root = _resolved(schema, schema)
    if root.get("type") == "array":
        return _list(schema, root, texts=True)
    needed = required(root)
    parts: dict[str, Fill] = {}
    lists = 0
    for name, node in _properties(root).items():
        resolved = _resolved(schema, node)
        if fill := _list(schema, resolved, texts=name in _TEXTS):
            parts[name] = fill
            lists += 1
        elif name in _COUNTS and resolved.get("type") in ("integer", "number"):
            parts[name] = len
    if not lists or not needed <= set(parts):
        return None
    return lambda memories: {name: fill(memories) for name, fill in parts.items()}


def _list(schema: Node, node: Node, texts: bool) -> Fill | None:
    """A function that makes a list of memories, or of their contents if `texts` are memories. None
    if the node is no such list."""
    if node.get("type") != "array" or not isinstance(node.get("items"), Mapping):
        return None
    item = _resolved(schema, node["items"])
    if item.get("type") == "string" and texts:
        return lambda memories: [memory.content for memory in memories]
    properties = _properties(item)
    needed = required(item)
    fits = all(_fits(name, _resolved(schema, node)) for name, node in properties.items())
    if not _TELLING & set(properties) or not needed <= set(_FIELDS) or not fits:
        return None
    wanted = needed | {name for name, node in properties.items() if _nullable(node)}
    return lambda memories: [_item(properties, wanted, memory) for memory in memories]


def _fits(name: str, node: Node) -> bool:
    """Whether a memory has a value of this type under the name. Any type fits a name that may be
    in metadata."""
    kind = node.get("type")
    return kind is None or name not in _FIELDS or kind == _KINDS.get(name, "string")


def _nullable(node: Any) -> bool:
    """Whether null is a value of the node. It is one too if the node does not say its type."""
    if not isinstance(node, Mapping):
        return True
    choices = [*(node.get("anyOf") or ()), *(node.get("oneOf") or ())]
    return {"type": "null"} in choices or not ({"type", "$ref", "allOf"} & set(node) or choices)


def _item(properties: Node, wanted: frozenset[str], memory: Memory) -> dict[str, Any]:
    """A memory as an object. A property that is no field of a memory is taken from its metadata.

    A property without a value is left out, unless it is wanted.
    """
    values = {
        name: _FIELDS[name](memory) if name in _FIELDS else memory.metadata.get(name)
        for name in properties
    }
    return {name: value for name, value in values.items() if value is not None or name in wanted}


def _resolved(schema: Node, node: Any) -> Node:
    """The node that a node stands for: references are followed, and "or null" is taken off."""
    for _ in range(_MOST_REFERENCES):
        if not isinstance(node, Mapping):
            break
        choices = node.get("anyOf") or node.get("oneOf") or node.get("allOf")
        if isinstance(reference := node.get("$ref"), str):
            node = _target(schema, reference)
        elif isinstance(choices, list):
            kept = [choice for choice in choices if choice != {"type": "null"}]
            node = kept[0] if len(kept) == 1 else {}
        else:
            return node
    return {}


def _target(schema: Node, reference: str) -> Any:
    """The node that a reference within the schema names; {} if there is none."""
    node: Any = schema
    for name in reference.removeprefix("#").strip("/").split("/"):
        node = node.get(name, {}) if isinstance(node, Mapping) else {}
    return node


def _properties(node: Node) -> Node:
    found = node.get("properties")
    return found if isinstance(found, Mapping) else {}


def required(node: Node) -> frozenset[str]:
    """The names of the properties that an object must have."""
    found = node.get("required")
    names = found if isinstance(found, list) else []
    return frozenset(name for name in names if isinstance(name, str))
