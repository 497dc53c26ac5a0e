"""Lua scripts: each is sent as its digest once the server knows it (redis/connection.py)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from graph_store.format.lua_constants import prelude


@dataclass(frozen=True, slots=True)
class Script:
    """`text` begins with a shebang, which tells Redis whether the script writes."""

    text: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "sha", digest)

    def call(
        self, keys: Sequence[str], *arguments: str | int | float
    ) -> tuple[str | int | float | Script, ...]:
        """The command that runs the script."""
        return ("EVAL", self, len(keys), *keys, *arguments)


def script(*names: str) -> Script:
    """A script of lua/: libraries first, in the order in which they need each other, and the
    script itself last."""
    *libraries, name = names
    return inline(_read(name), *libraries)


def inline(text: str, *libraries: str) -> Script:
    """A script of a few lines, which stands after these libraries."""
    shebang, _, body = text.partition("\n")
    whole = "".join((*map(_read, libraries), body))
    return Script(f"{shebang}\n{prelude(whole)}{whole}")


def _read(name: str) -> str:
    return files("graph_store").joinpath("lua", f"{name}.lua").read_text()
