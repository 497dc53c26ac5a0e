"""The format's numbers and names as Lua scripts see them, so that each is written once.

Lua counts characters from 1 and includes the last one; Redis's GETRANGE counts from 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from graph_store.format import layout, packing
from graph_store.format.keys import KeyKind
from memory.domain.transaction import ERASED

Value = int | str | Mapping[str, str]
_NAME = re.compile(r"\b[A-Z][A-Z_]+\b")


def _positions(prefix: str, spans: Mapping[str, slice]) -> dict[str, Value]:
    """<prefix><NAME>_FIRST and <prefix><NAME>_LAST of each span, for string.sub."""
    found: dict[str, Value] = {}
    for name, span in spans.items():
        found[f"{prefix}{name.upper()}_FIRST"] = span.start + 1
        found[f"{prefix}{name.upper()}_LAST"] = span.stop
    return found


CONSTANTS: Mapping[str, Value] = {
    **{f"KEY_{kind.name}": kind.value for kind in KeyKind},
    "MIRRORS": {side.value: mirror.value for side, mirror in layout.MIRRORS.items()},
    "RETRACTED": {side.value: retracted.value for side, retracted in layout.RETRACTED.items()},
    "ERASED": ERASED,
    # GETRANGE from 0 to here is the head; from VERSION_START to here its version.
    "HEAD_END": packing.HEAD - 1,
    "VERSION_START": packing.VERSION,
    **_positions("", packing.HEAD_TIMES),
    **_positions("MEMBER_", packing.MEMBER_TIMES),
    "MEMBER_RELATION_FIRST": packing.MEMBER_RELATION + 1,
    # Times, relation, other end and edge of a member of an adjacency set.
    "MEMBER_PATTERN": "^([^|]*|[^|]*|[^|]*)|([^|]*)|([^|]*)|([^|]*)$",
    "SUCCESSOR_TIME_LAST": packing.STAMP_WIDTH,
    "EVENTS_KEPT": layout.EVENTS_KEPT,
    "JOB_KEPT_S": layout.JOB_KEPT_S,
}


def prelude(text: str) -> str:
    """One line that defines the constants which the text names; empty if it names none."""
    named = sorted(set(_NAME.findall(text)) & CONSTANTS.keys())
    if not named:
        return ""
    values = ", ".join(_literal(CONSTANTS[name]) for name in named)
    return f"local {', '.join(named)} = {values}\n"


def _literal(value: Value) -> str:
    match value:
        case int():
            return str(value)
        case str():
            return f"'{value}'"
        case _:
            return "{" + ", ".join(f"['{key}'] = '{name}'" for key, name in value.items()) + "}"
