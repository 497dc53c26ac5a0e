"""The README and the code say the same: every setting is in its table, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel

from config.settings import Settings, known, variable

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    sections = {
        variable(name)
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    }
    named = set(re.findall(r"`(MEM0G_(?!TEST_)[A-Z0-9_]+)`", README))
    assert named >= known() - sections
    assert named <= known()
