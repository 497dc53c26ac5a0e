"""Who may know of Ray, of FastAPI and of the environment (docs: the layout)."""

import ast
from pathlib import Path

import config

ROOT = Path(__file__).parents[1]
PACKAGES = ("config", "memory", "vector_store", "graph_store", "access", "deployments")
ON_RAY = {
    f"deployments/{name}.py"
    for name in (
        "__main__",
        "app",
        "ingress",
        "embedder",
        "store",
        "remote",
        "local_valkey",
        "observability/metrics",
    )
}


def sources():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def importers(library):
    return {name for name, tree in sources() if library in imports(tree)}


def test_ray_is_known_to_the_deployments_alone():
    assert importers("ray") <= ON_RAY


def test_fastapi_is_known_to_the_edge_alone():
    allowed = ("deployments/api/", "deployments/ingress.py")
    for library in ("fastapi", "starlette"):
        assert all(name.startswith(allowed) for name in importers(library))


def test_imports_go_one_way():
    above = {
        "config": {"vector_store", "graph_store", "access", "deployments"},
        "memory": {"vector_store", "graph_store", "access", "deployments"},
        "vector_store": {"graph_store", "access", "deployments"},
        "graph_store": {"vector_store", "access", "deployments"},
        "access": {"vector_store", "deployments"},
    }
    for name, tree in sources():
        assert not set(imports(tree)) & above.get(name.partition("/")[0], set()), name


def test_the_environment_is_read_in_config_and_prepared_where_ray_is_started():
    users = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "putenv"})
        or (isinstance(node, ast.ImportFrom) and node.module == "os")
    }
    assert users <= {"config/settings.py", "deployments/__main__.py"}


def test_the_packages_are_those_of_this_checkout():
    assert Path(config.__file__).is_relative_to(ROOT)
