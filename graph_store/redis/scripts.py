"""Scripts that have files of their own; each is sent whole, with those it stands on before it."""

from __future__ import annotations

from importlib.resources import files


def script(*names: str) -> str:
    """The text of one script: the files of these names, in order. The first has the shebang."""
    return "".join(
        files("graph_store").joinpath("lua", f"{name}.lua").read_text() for name in names
    )
