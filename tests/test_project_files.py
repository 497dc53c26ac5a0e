"""What a project carries beside its code says the same as the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

from deployments.version import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def recipe(target: str) -> list[str]:
    """The commands of a target of the Makefile, as a shell in the checkout would read them."""
    [body] = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    return [line.lstrip("\t@").replace("$(BIN)", ".venv/bin") for line in body.splitlines()]


def test_what_the_fast_tests_leave_out_exists() -> None:
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    [left_out] = re.findall(r"^SLOW := (.+)$", makefile, re.MULTILINE)
    assert [path for path in left_out.split() if not (ROOT / path).exists()] == []
    assert "$(SLOW:%=--ignore=%)" in makefile


def test_the_licence_is_the_one_the_package_names() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    [name] = PROJECT["license-files"]
    text = (ROOT / name).read_text()
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert "END OF TERMS AND CONDITIONS" in text


def test_a_commit_is_held_to_what_make_lint_runs() -> None:
    [local] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [hook["entry"] for hook in local["hooks"]] == recipe("lint")


def test_the_hosted_ci_runs_the_gate_with_the_least_rights() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    [job] = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in used)
    assert "secrets." not in (ROOT / ".github/workflows/ci.yml").read_text()
    [python] = [step["with"] for step in job["steps"] if "python" in step.get("uses", "")]
    assert PROJECT["requires-python"] == f">={python['python-version']}"


def test_the_changelog_begins_with_what_is_to_come_and_has_this_version() -> None:
    titles = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert titles[0] == "Unreleased"
    assert __version__ in titles
