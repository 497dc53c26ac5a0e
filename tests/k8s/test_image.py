"""The image cannot be built where there is no engine; that its recipe names what exists can be
seen without one."""

from __future__ import annotations

import tomllib

from tests.k8s.manifests import ROOT

RECIPE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()


def steps(instruction: str) -> list[list[str]]:
    """The words of every such instruction."""
    return [line.split()[1:] for line in RECIPE if line.startswith(f"{instruction} ")]


def copied() -> list[str]:
    return [source for words in steps("COPY") for source in words[:-1]]


def test_everything_copied_exists_and_reaches_the_engine() -> None:
    let_through = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    assert set(copied()) == let_through


def test_every_package_is_copied_to_where_python_looks() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert set(build["targets"]["wheel"]["packages"]) <= set(copied())
    assert steps("WORKDIR") == [["/app"]]
    assert "PYTHONPATH=/app" in {word for words in steps("ENV") for word in words}


def test_it_runs_as_nobody_special_with_what_kuberay_needs() -> None:
    assert steps("USER")[-1] == ["1000"]
    assert {"bash", "wget"} <= {word for words in steps("RUN") for word in words}
    assert {"RAY_USAGE_STATS_ENABLED=0"} <= {word for words in steps("ENV") for word in words}
