"""How the refusals of several changes are told in one answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from memory.domain.errors import Refused

_MOST_NAMED = 10


def refuse_undone(ids: Collection[str], answers: Sequence[Refused | None]) -> None:
    """Raises the first refusal with the ids that are not done; nothing if all are."""
    refused = {
        name: answer for name, answer in zip(ids, answers, strict=True) if answer is not None
    }
    if not refused:
        return
    error = next(iter(refused.values())).error()
    more = ", …" if len(refused) > _MOST_NAMED else ""
    named = ", ".join(name[:60] for name in [*refused][:_MOST_NAMED]) + more
    error.message += f" ({len(ids) - len(refused)} of {len(ids)} are done; not {named})"
    raise error
