"""The cursor of a list: where a page ended, and the instants that the first page pinned."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace

from memory.domain.clock import EARLIEST, LATEST
from memory.domain.errors import InvalidInput
from memory.domain.ids import owner_hash_of
from memory.ports.memories import Cursor
from memory.query.views import View


@dataclass(frozen=True, slots=True)
class PageCursor:
    """The position at which a page ended, and the instants and the order of its list."""

    position: Cursor
    as_of: int
    known_at: int
    newest: bool

    @classmethod
    def read(cls, cursor: str) -> PageCursor:
        """Read a cursor. Raises InvalidInput for a text that `write` did not make."""
        try:
            padded = cursor.encode() + b"=" * (-len(cursor) % 4)
            fields = base64.urlsafe_b64decode(padded).decode().split(".")
            *instants, newest, memory_id = fields
            at, as_of, known_at = map(int, instants)
            sound = all(EARLIEST <= instant < LATEST for instant in (at, as_of, known_at))
            if owner_hash_of(memory_id) is None or not sound:
                raise ValueError(cursor)
            return cls(Cursor(at, memory_id), as_of, known_at, newest == "1")
        except (ValueError, binascii.Error):
            raise InvalidInput("cursor is not one that this service gave out") from None

    def write(self) -> str:
        fields = (self.position.created_at, self.as_of, self.known_at, int(self.newest))
        text = ".".join(map(str, (*fields, self.position.memory_id)))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def continues(self, view: View, newest: bool) -> View:
        """The view of the next page. Raises InvalidInput if the caller asks for another view or
        order than the list has."""
        asked = (view.as_of, view.known_at)
        for instant, pinned in zip(asked, (self.as_of, self.known_at), strict=True):
            if instant not in (None, pinned):
                raise InvalidInput("cursor was given out for another as_of or known_at")
        if newest != self.newest:
            raise InvalidInput("cursor was given out for the other order")
        return replace(view, as_of=self.as_of, known_at=self.known_at)
