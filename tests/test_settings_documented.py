"""docs/settings.md and config/settings.py say the same: names, types, defaults and variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from config.settings import SECRETS, Settings, known, variable

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "settings.md").read_text()


class Row(NamedTuple):
    """What the page says of a setting."""

    name: str
    variable: str
    type: str
    default: str
    meaning: str


def documented() -> list[Row]:
    """The rows of all tables whose first cell is a setting."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| `")]
    return [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines]


def is_section(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def settings() -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every setting, by its path, such as ("api", "deadline_s")."""
    for name, field in Settings.model_fields.items():
        if is_section(field):
            for inner, inner_field in field.annotation.model_fields.items():  # type: ignore[union-attr]
                yield (name, inner), inner_field
        else:
            yield (name,), field


def words_of(path: tuple[str, ...], field: FieldInfo) -> str:
    """The type of a setting as the page has it: a word, then its bounds."""
    signs = {Ge: "≥", Gt: ">", Le: "≤"}
    bounds = [
        f"{sign} {getattr(bound, type(bound).__name__.lower()):g}"
        for bound in field.metadata
        if (sign := signs.get(type(bound)))
    ]
    bounds += [
        f"{bound.min_length} characters or more"
        for bound in field.metadata
        if isinstance(bound, MinLen)
    ]
    return ", ".join([_word(path, field.annotation), *bounds])


def _word(path: tuple[str, ...], annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        return "rate limit" if path[0] == "limits" else _word(path, get_args(annotation)[0])
    if origin in (Union, UnionType):
        [kept] = [kind for kind in get_args(annotation) if kind is not NoneType]
        return _word(path, kept)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if path[0] == "limits":
        return "rate limit"
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return {**names, SecretStr: "secret", Path: "folder"}.get(origin or annotation, "JSON object")


def default_of(path: tuple[str, ...], field: FieldInfo) -> str:
    value = field.default
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT)}/` in the checkout"
    if isinstance(value, dict):
        [calibration] = value.values()
        return f"slope {calibration.slope:g}, intercept {calibration.intercept:g} for the model"
    return f"`{value}`" if isinstance(value, str) else f"{value:g}" if value < 1e6 else f"{value}"


def test_the_page_has_every_setting_once_and_no_other() -> None:
    names = [row.name.strip("`") for row in documented()]
    assert len(names) == len(set(names))
    assert names == [".".join(path) for path, _ in settings()]


def test_each_row_says_the_variable_the_type_and_the_default_of_the_code() -> None:
    for row, (path, field) in zip(documented(), settings(), strict=True):
        assert row.variable == f"`{variable(*path)}`"
        assert (row.name, row.type) == (row.name, words_of(path, field))
        assert (row.name, row.default) == (row.name, default_of(path, field))
        assert row.meaning


def test_every_secret_is_said_to_be_one() -> None:
    said = {row.name.strip("`") for row in documented() if row.type.startswith("secret")}
    assert said == {".".join(secret) for secret in SECRETS}


def test_no_page_names_a_variable_that_sets_nothing() -> None:
    pages = [ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md"]
    pages += [*(ROOT / "docs").glob("*.md"), ROOT / "k8s" / "README.md"]
    for page in pages:
        named = set(re.findall(r"\bMEM0G_(?!TEST_)[A-Z0-9_]*[A-Z0-9]\b", page.read_text()))
        assert named <= known(), page.name
