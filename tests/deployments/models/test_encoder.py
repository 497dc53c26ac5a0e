"""The model that the service ships with."""

import hashlib

import pytest

from config.settings import EmbedderSettings
from deployments.models import encoder
from deployments.models.encoder import SentenceEncoder, bundled_weights, cores
from memory.domain.errors import StartupRefused

HUB_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@pytest.mark.parametrize(
    ("usable", "quota", "expected"),
    [
        (8, "max 100000", 8),
        (8, "250000 100000", 2),
        (2, "800000 100000", 2),
        (1, "", 1),
    ],
)
def test_a_containers_quota_counts(monkeypatch, tmp_path, usable, quota, expected):
    limit = tmp_path / "cpu.max"
    limit.write_text(quota)
    monkeypatch.setattr(encoder, "_CGROUP_CPU", limit)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(usable)))
    assert cores() == expected
    limit.unlink()
    assert cores() == usable


def test_the_weights_installed_are_the_hubs():
    weights = (bundled_weights() / "model.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == HUB_SHA256


def test_the_default_model_tells_near_from_far(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    model = SentenceEncoder(EmbedderSettings(device="cpu"))
    assert (model.dimensions, model.max_tokens) == (384, 256)
    query, python, javascript, lunch = model.encode(
        [
            "programming language preferences",
            "User prefers Python for scripting",
            "User knows JavaScript",
            "We had soup for lunch",
        ]
    )
    assert query @ python > query @ javascript > 0.2 > query @ lunch
    with pytest.raises(StartupRefused, match="cannot be loaded"):
        SentenceEncoder(EmbedderSettings(model="/no/such/model", device="cpu"))
