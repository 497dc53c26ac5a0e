"""Which package may know which: every pair is decided here, and a new package fails until it has
its place. Who may know of Ray, of FastAPI and of the environment; and what a class may inherit."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from pathlib import Path

import pytest

import config
from tests.source_tree import ROOT, imported_modules, imports_in, imports_of, modules, tree_of

# What each package may import besides itself.
PACKAGES: Mapping[str, set[str]] = {
    "config": set(),
    "memory": set(),
    "vector_store": {"config", "memory"},
    "graph_store": {"config", "memory"},
    "access": {"config", "memory", "graph_store"},
    "deployments": {"config", "memory", "vector_store", "graph_store", "access"},
    "loadtest": {"config", "memory", "vector_store", "graph_store", "deployments"},
}

# Inside a package: its folders and the modules of its own, floor by floor. Imports go to floors
# further up in the list, and never to the same floor.
FLOORS: Mapping[str, Sequence[Sequence[str]]] = {
    "memory": (
        ("domain",),
        ("query",),
        ("ports",),
        ("context",),
        ("index",),
        ("search", "read", "maintenance"),
        ("write",),
        ("graph", "erasure", "transfer"),
        ("conversations", "reports"),
        ("jobs",),
        ("service",),
    ),
    "graph_store": (
        ("format",),
        ("redis",),
        ("projects", "jobs", "maintenance"),
        ("events",),
        ("memories", "erasure"),
        ("backup",),
        ("redis_graph",),
        ("__init__",),
    ),
    "deployments": (
        ("version", "refusal", "remote", "service_settings", "supervisor", "backup", "preflight"),
        ("tracing",),
        ("observability", "local_valkey"),
        ("models", "api"),
        ("embedder", "store", "ingress"),
        ("app",),
        ("__main__",),
    ),
    "deployments/api": (
        ("schemas",),
        ("errors",),
        ("middleware",),
        ("routes",),
        ("feed", "transfer", "mem0"),
        ("app",),
        ("__init__",),
    ),
    "deployments/api/mem0": (
        ("schemas",),
        ("waiting", "changing", "reading"),
        ("deleting",),
        ("routes",),
        ("__init__",),
    ),
}

# What stores may know of the memory service: its nouns, what is asked of them, and their contracts.
KNOWN_TO_STORES = {"domain", "query", "ports"}

# Ray derives its handles and actors from these, and the metrics go through its registry.
ON_RAY = {
    f"deployments/{name}.py"
    for name in (
        "__main__",
        "app",
        "ingress",
        "store",
        "remote",
        "local_valkey",
        "observability/metrics",
    )
}
# The settings, who prepares the environment of Ray's workers, and the bench, which starts processes
# and is told a key.
ON_THE_ENVIRONMENT = {
    "config/settings.py",
    "deployments/__main__.py",
    "loadtest/bench.py",
    "loadtest/locustfile.py",
}
OF_THE_ENVIRONMENT = {"environ", "environb", "getenv", "putenv", "unsetenv"}

MOST_METHODS = 20
MOST_MODULES = 14
# The nouns are many, and each is small.
LARGER_FOLDERS = {"memory/domain"}

# A class may be derived from these: they bring no behaviour of ours.
PLAIN_BASES = {"Protocol", "Enum", "StrEnum", "NamedTuple", "Generic", "Exception"}
# Versions of memories and edges have both clocks; jobs have their progress.
DATA_BASES = {"Interval": {"Memory", "Edge"}, "JobProgress": {"Job", "Assignment"}}
# redis-py lets a connection be derived and nothing else; it is given as `kind`.
ADAPTERS = {("graph_store/redis/connection.py", "Packing")}


def test_the_modules_are_those_of_this_checkout() -> None:
    assert Path(config.__file__).is_relative_to(ROOT)
    assert len(modules()) > 200
    assert {module.partition("/")[0] for module in modules()} == set(PACKAGES)


@pytest.mark.parametrize(
    ("line", "imported"),
    [
        ("import memory.domain.ids", ["memory.domain.ids"]),
        ("import memory.domain.ids as names", ["memory.domain.ids"]),
        ("from memory.domain import ids, clock", ["memory.domain.ids", "memory.domain.clock"]),
        ("from . import pages", ["memory.read.pages"]),
        ("from .pages import Pages", ["memory.read.pages.Pages"]),
        ("from ..write.add import Add", ["memory.write.add.Add"]),
        ("def late():\n    from memory import jobs", ["memory.jobs"]),
    ],
)
def test_every_form_of_an_import_is_seen(line: str, imported: list[str]) -> None:
    assert list(imports_in("memory/read/listings.py", ast.parse(line))) == imported


# Packages


def arrows_between_packages() -> Iterator[tuple[str, str, str]]:
    """(importing package, imported package, what imports what)."""
    for module in modules():
        for other in imported_modules(module):
            one, two = module.partition("/")[0], other.partition("/")[0]
            if one != two:
                yield one, two, f"{module} imports {other}"


def test_packages_know_those_that_the_table_allows_and_need_all_of_them() -> None:
    arrows = list(arrows_between_packages())
    assert [why for one, two, why in arrows if two not in PACKAGES[one]] == []
    used = {(one, two) for one, two, _ in arrows}
    assert used == {(one, two) for one, others in PACKAGES.items() for two in others}


def test_no_pair_of_packages_may_know_each_other() -> None:
    pairs = [pair for pair in permutations(PACKAGES, 2) if pair[1] in PACKAGES[pair[0]]]
    assert pairs
    assert [pair for pair in pairs if pair[0] in PACKAGES[pair[1]]] == []


@pytest.mark.parametrize("store", ["vector_store", "graph_store", "access"])
def test_stores_know_the_nouns_and_the_contracts_and_no_part_of_the_service(store: str) -> None:
    known = {
        unit("memory", other)
        for module in modules()
        if module.startswith(f"{store}/")
        for other in imported_modules(module)
    } - {None}
    assert "domain" in known
    assert known - KNOWN_TO_STORES == set()


# Inside packages


def unit(house: str, module: str) -> str | None:
    """The folder or the module of a house that a module is, or lies in. The `__init__` of one that
    only says what it is for is none."""
    if not module.startswith(f"{house}/"):
        return None
    name = module.removeprefix(f"{house}/").partition("/")[0].removesuffix(".py")
    if name == "__init__" and not any(map(_does_something, tree_of(module).body)):
        return None
    return name


def _does_something(statement: ast.stmt) -> bool:
    return not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))


@pytest.mark.parametrize("house", FLOORS)
def test_everything_in_a_package_has_its_floor(house: str) -> None:
    placed = [name for floor in FLOORS[house] for name in floor]
    assert sorted(placed) == sorted({name for module in modules() if (name := unit(house, module))})


@pytest.mark.parametrize("house", FLOORS)
def test_imports_in_a_package_go_up_the_list(house: str) -> None:
    height = {name: floor for floor, names in enumerate(FLOORS[house]) for name in names}
    arrows = [
        (height[one], height[two], f"{module} imports {other}")
        for module in modules()
        for other in imported_modules(module)
        if (one := unit(house, module)) and (two := unit(house, other)) and one != two
    ]
    assert arrows
    assert [why for one, two, why in arrows if one <= two] == []


def test_no_module_comes_back_to_itself() -> None:
    waiting = {module: imported_modules(module) for module in modules()}
    assert sum(map(len, waiting.values())) > 500
    while ready := [module for module, needs in waiting.items() if not needs & waiting.keys()]:
        for module in ready:
            del waiting[module]
    assert sorted(waiting) == []


# Libraries and the environment


def importers(library: str) -> set[str]:
    return {
        module
        for module in modules()
        if any(name.partition(".")[0] == library for name in imports_of(module))
    }


def test_ray_is_known_to_the_deployments_alone() -> None:
    assert importers("ray") == ON_RAY


@pytest.mark.parametrize("library", ["fastapi", "starlette"])
def test_the_web_framework_is_known_to_the_edge_alone(library: str) -> None:
    found = importers(library)
    assert found
    allowed = ("deployments/api/", "deployments/ingress.py")
    assert [module for module in found if not module.startswith(allowed)] == []


def reads_the_environment(module: str) -> bool:
    named = {node.attr for node in ast.walk(tree_of(module)) if isinstance(node, ast.Attribute)}
    imported = {name.rpartition(".")[2] for name in imports_of(module) if name.startswith("os.")}
    return bool(OF_THE_ENVIRONMENT & (named | imported))


def test_the_environment_is_read_in_config_and_prepared_where_ray_is_started() -> None:
    assert {module for module in modules() if reads_the_environment(module)} == ON_THE_ENVIRONMENT


# Classes


def classes(*packages: str) -> list[tuple[str, ast.ClassDef]]:
    return [
        (module, node)
        for module in modules()
        if module.startswith(packages)
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ClassDef)
    ]


def bases_of(node: ast.ClassDef) -> list[str]:
    return [ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in node.bases]


def methods_of(node: ast.ClassDef) -> list[str]:
    return [
        member.name
        for member in node.body
        if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_no_class_inherits_behaviour() -> None:
    found = classes("memory/", "graph_store/")
    assert len(found) > 150
    errors: set[str] = {"Exception"}
    while more := {
        node.name for _, node in found if errors & set(bases_of(node)) and node.name not in errors
    }:
        errors |= more
    heirs = [
        f"{module}: {node.name}({base})"
        for module, node in found
        for base in bases_of(node)
        if base not in PLAIN_BASES | errors and node.name not in DATA_BASES.get(base, ())
        if (module, node.name) not in ADAPTERS
    ]
    assert heirs == []


def test_what_is_inherited_is_data() -> None:
    found = {node.name: node for _, node in classes("memory/domain/")}
    for base, heirs in DATA_BASES.items():
        for name in (base, *heirs):
            assert "dataclass" in ast.unparse(found[name].decorator_list[0]), name
        assert all(base in bases_of(found[heir]) for heir in heirs), base
    named = {(module, node.name) for module, node in classes("graph_store/")}
    assert named >= ADAPTERS


def test_no_protocol_has_more_methods_than_one_keeps_in_mind() -> None:
    protocols = [
        (f"{module}: {node.name}", len(methods_of(node)))
        for module, node in classes("memory/", "graph_store/", "vector_store/", "deployments/")
        if "Protocol" in bases_of(node)
    ]
    assert len(protocols) > 30
    assert [protocol for protocol in protocols if protocol[1] > MOST_METHODS] == []


def test_no_folder_shows_more_modules_than_one_looks_through() -> None:
    folders: dict[str, int] = {}
    for module in modules():
        folder, _, name = module.rpartition("/")
        folders[folder] = folders.get(folder, 0) + (name != "__init__.py")
    assert {folder for folder, count in folders.items() if count > MOST_MODULES} == LARGER_FOLDERS


def test_what_an_object_needs_it_is_given_when_it_is_made() -> None:
    users = [
        module
        for module in modules()
        if any("cached_property" in name for name in imports_of(module))
        or any(
            isinstance(node, ast.Attribute) and node.attr == "cached_property"
            for node in ast.walk(tree_of(module))
        )
    ]
    assert users == []
