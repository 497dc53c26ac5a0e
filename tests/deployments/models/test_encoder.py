"""The model that the service ships with."""

import hashlib

import pytest

from config.settings import EmbedderSettings
from deployments.models.encoder import SentenceEncoder, bundled_weights, cores
from memory.domain.errors import StartupRefused


def test_there_is_a_core():
    assert cores() >= 1


HUB_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


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
