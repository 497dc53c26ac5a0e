"""Receipts of erasures. The project's secret signs them; they do not name who was erased."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson

from memory.domain.clock import format_instant
from memory.domain.erasures import Counts, Order, ReceiptFields
from memory.domain.ids import Project
from memory.domain.memory import Owner, Scope

ALGORITHM = "HMAC-SHA256"


def subject_of(project: Project, entity: Owner) -> str:
    """64 hex digits that stand for an entity in receipts.

    Kind and value are length-prefixed before they are hashed, so no two entities have one text.
    """
    text = f"{len(entity.kind)}:{entity.kind}{len(entity.value)}:{entity.value}"
    return _digest(project, "subject of an erasure", text.encode())


def names(project: Project, kind: str, subject: str, scope: Scope) -> bool:
    """Whether a memory of this scope names the entity that `subject` stands for."""
    value = getattr(scope, f"{kind}_id")
    return value is not None and subject_of(project, Owner(kind, value)) == subject


def receipt_of(project: Project, order: Order, counts: Counts, completed_at: int) -> ReceiptFields:
    """The signed receipt of an erasure that ended at `completed_at`, microseconds."""
    fields = {
        "id": order.id,
        "project_id": order.project_id,
        "subject": order.subject,
        "scope_kind": order.kind,
        "requested_at": format_instant(order.requested_at),
        "completed_at": format_instant(completed_at),
        "counts": asdict(counts),
        "algorithm": ALGORITHM,
    }
    return fields | {"signature": _signature(project, fields)}


def signature_valid(project: Project, receipt: ReceiptFields) -> bool:
    """Whether this project signed exactly these fields."""
    fields = dict(receipt)
    signature = fields.pop("signature", None)
    try:
        expected = _signature(project, fields)
    except TypeError:
        return False  # JSON cannot carry a value in it, so it is not one of ours
    return isinstance(signature, str) and hmac.compare_digest(
        signature.encode("utf-8", "replace"), expected.encode()
    )


def _signature(project: Project, fields: Mapping[str, Any]) -> str:
    """The signature of the fields as JSON, with sorted keys and no blanks."""
    content = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    return _digest(project, "signature of a receipt", content)


def _digest(project: Project, purpose: str, content: bytes) -> str:
    """64 hex digits. Each purpose has a key of its own, so that a signature for one purpose is not
    valid for another."""
    key = hmac.digest(project.secret, purpose.encode(), hashlib.sha256)
    return hmac.new(key, content, hashlib.sha256).hexdigest()
