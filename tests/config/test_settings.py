"""What may be set, who wins, and that no refusal repeats a secret."""

from __future__ import annotations

import pytest

from config import Settings
from config.settings import InvalidSettings


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEM0G_VECTOR_STORE__BACKEND", "weaviate")
    settings = Settings.load({"vector_store": {"backend": "embedded", "cache_mb": 7}})
    assert (settings.vector_store.backend, settings.vector_store.cache_mb) == ("weaviate", 7)


@pytest.mark.parametrize(
    ("args", "names"),
    [
        ({"unknown": 1}, "unknown"),
        ({"api": {"deadline": 3}}, "api.deadline"),
        ({"api": {"deadline_s": 0}}, "api.deadline_s"),
        ({"auth": {"mode": "api_key"}}, "MEM0G_AUTH__ADMIN_KEY"),
        ({"redis": {"url": "redis://x"}}, "MEM0G_REDIS__URL"),
        ({"llm": {"api_key": "x"}}, "MEM0G_LLM__API_KEY"),
        ({"llm": {"base_url": "http://127.0.0.1:8080/v1"}}, "MEM0G_LLM__MODEL"),
        ({"llm": {"base_url": "127.0.0.1:8080", "model": "x"}}, "llm.base_url"),
    ],
)
def test_what_is_wrong_is_named(args: dict[str, object], names: str) -> None:
    with pytest.raises(InvalidSettings, match=names):
        Settings.load(args)


def test_a_variable_nobody_reads_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEM0G_REDIS_URL", "redis://x")
    with pytest.raises(InvalidSettings, match="MEM0G_REDIS_URL"):
        Settings.load({})


@pytest.mark.parametrize("url", ["redis://:SECRETPW/x@127.0.0.1:6399/0", "foo://SECRETPW", "x"])
def test_a_bad_redis_url_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("MEM0G_REDIS__URL", url)
    with pytest.raises(InvalidSettings) as refused:
        Settings.load({})
    assert "SECRETPW" not in str(refused.value)
    assert "redis.url" in str(refused.value)


def test_a_relative_data_dir_is_in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEM0G_DATA_DIR", "elsewhere")
    assert Settings.load({}).data_dir.is_absolute()
