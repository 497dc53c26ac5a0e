"""The source of this checkout as the tests of its shape read it: modules, and what they import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "config",
    "memory",
    "vector_store",
    "graph_store",
    "access",
    "deployments",
    "loadtest",
)


@cache
def modules() -> tuple[str, ...]:
    """Paths of every module, and of every `__init__`, from the root of the checkout."""
    return tuple(
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    )


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text())


def imports_in(module: str, tree: ast.AST) -> Iterator[str]:
    """Dotted names that the module at this path imports: `from a import b` is `a.b`, whether b is
    a module or something in one."""
    package = module.split("/")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            begin = package[: len(package) - node.level + 1] if node.level else []
            origin = [*begin, *filter(None, [node.module])]
            yield from (".".join([*origin, alias.name]) for alias in node.names)


@cache
def imports_of(module: str) -> frozenset[str]:
    return frozenset(imports_in(module, tree_of(module)))


@cache
def module_of(name: str) -> str | None:
    """The path of the module or `__init__` that an imported name lies in; None if it is none of
    ours."""
    parts = name.split(".")
    if parts[0] not in PACKAGES:
        return None
    for length in range(len(parts), 0, -1):
        place = "/".join(parts[:length])
        for path in (f"{place}.py", f"{place}/__init__.py"):
            if (ROOT / path).is_file():
                return path
    return None


@cache
def imported_modules(module: str) -> frozenset[str]:
    """Paths of our modules that a module imports."""
    found = {path for name in imports_of(module) if (path := module_of(name))}
    return frozenset(found - {module})
