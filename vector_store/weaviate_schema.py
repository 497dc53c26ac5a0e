"""The one collection in Weaviate: its properties, and the points as its objects.

Ids are tokenised as FIELD. With Weaviate's default, `alice` would also find `alice-bob`.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from weaviate.classes.config import (
    Configure,
    DataType,
    Property,
    StopwordsPreset,
    Tokenization,
    VectorDistances,
)

from memory.domain.errors import StartupRefused
from memory.domain.memory import SCOPE_FIELDS, Memory
from memory.ports.models import ModelCard
from memory.ports.vector_store import Point

FORMAT = 1
# Stands for an end that is None. It is later than any instant, and exact in a double.
OPEN_END = 2**53 - 1

# The namespace of the objects' UUIDs.
_POINTS = uuid.UUID("5c1c5b5e-4d35-5c0e-8f0c-0d6f7d1c6a11")
_INSTANTS = ("valid_from", "valid_to", "recorded_at", "retracted_at")


def definition(card: ModelCard, replication_factor: int) -> dict[str, Any]:
    """The arguments of `collections.create`. Almost none of them can be changed afterwards."""
    fields = [_text(name, Tokenization.FIELD) for name in ("owner", *SCOPE_FIELDS, "memory_id")]
    instants = [
        Property(name=name, data_type=DataType.INT, index_range_filters=True) for name in _INSTANTS
    ]
    return {
        "description": json.dumps(
            {"format": FORMAT, "model": card.name, "dimensions": card.dimensions}
        ),
        "multi_tenancy_config": Configure.multi_tenancy(
            enabled=True, auto_tenant_creation=False, auto_tenant_activation=True
        ),
        "vector_config": Configure.Vectors.self_provided(
            vector_index_config=Configure.VectorIndex.hnsw(
                distance_metric=VectorDistances.COSINE,
                quantizer=Configure.VectorIndex.Quantizer.none(),
            )
        ),
        "inverted_index_config": Configure.inverted_index(
            index_null_state=False, index_timestamps=False, stopwords_preset=StopwordsPreset.NONE
        ),
        "replication_config": Configure.replication(factor=replication_factor),
        "properties": [
            *fields,
            _text("tags", Tokenization.FIELD, DataType.TEXT_ARRAY),
            Property(
                name="terms",
                data_type=DataType.TEXT,
                tokenization=Tokenization.WHITESPACE,
                index_filterable=False,
                index_searchable=True,
            ),
            Property(name="version", data_type=DataType.INT, index_filterable=True),
            Property(name="open", data_type=DataType.BOOL, index_filterable=True),
            *instants,
        ],
    }


def accept(collection: str, description: str | None, card: ModelCard) -> None:
    """Raises StartupRefused if the collection is not ours, newer than us, or of another model."""
    try:
        found = json.loads(description or "")
        written, model = int(found["format"]), ModelCard(found["model"], found["dimensions"])
    except (ValueError, TypeError, KeyError):
        raise StartupRefused(
            f"weaviate: collection {collection} was not made by Mem0g; "
            "set weaviate.collection to another name"
        ) from None
    if written > FORMAT:
        raise StartupRefused(
            f"weaviate: collection {collection} has format {written}, this version reads up to "
            f"{FORMAT}; upgrade Mem0g"
        )
    if model != card:
        raise StartupRefused(
            f"weaviate: collection {collection} holds vectors of {model.name} "
            f"({model.dimensions}), not of {card.name} ({card.dimensions}); set embedder.model "
            "back, or weaviate.collection to a new name and rebuild the index"
        )


def identity(memory_id: str, version: int) -> uuid.UUID:
    """The UUID of a version's object. It is the same in every process."""
    return uuid.uuid5(_POINTS, f"{memory_id}/{version}")


def properties(point: Point) -> dict[str, Any]:
    memory = point.memory
    return {
        "owner": str(memory.scope.owner),
        **memory.scope.given(),
        "memory_id": memory.id,
        "version": memory.version,
        "tags": list(point.metadata_tokens),
        "terms": " ".join(point.terms),
        "open": memory.open,
        **_instants(memory),
    }


def _text(name: str, tokenization: Tokenization, kind: DataType = DataType.TEXT) -> Property:
    return Property(
        name=name,
        data_type=kind,
        tokenization=tokenization,
        index_filterable=True,
        index_searchable=False,
    )


def _instants(memory: Memory) -> dict[str, int]:
    found = {name: getattr(memory, name) for name in _INSTANTS}
    return {name: OPEN_END if instant is None else instant for name, instant in found.items()}
