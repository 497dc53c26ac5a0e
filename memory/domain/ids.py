"""Where a memory lives, told by its id alone.

An id is `mem_` (for an edge `rel_`) and the hex of a UUIDv8. The first 60 free bits of the UUID
are a keyed hash of the owner, the last 62 are random. So an id tells without a directory where
both stores keep the memory, and it tells its reader nothing about the user. The hash routes a
request; it never permits one.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from uuid import UUID

from memory.domain.errors import Forbidden, ScopeRequired
from memory.domain.memory import NAMES_OF_SCOPES, Owner, Scope
from memory.domain.preferences import NO_PREFERENCES, Preferences

_OWNER_BITS = 60
_RANDOM_BITS = 62
_TENANT = re.compile(r"p(.+)-g\d+-b\d+")
_ID = re.compile(r"(mem|rel)_([0-9a-f]{12})8([0-9a-f]{3})([89ab][0-9a-f]{15})")
_JOB = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f]{3})-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# An owner hash that no owner has. It stands for what is about several owners.
NOBODY = "0" * 15


@dataclass(frozen=True, slots=True)
class Project:
    """A namespace of owners. `secret` keys the owner hashes; `buckets` spreads the tenants.

    A project that is bound to a user holds that user's memories and no others. Its index is read
    from one `generation`. It is written to one generation, or to two while it moves. Each change of
    these generations begins a new `epoch`. `preferences` are as they were when the project was
    read.
    """

    id: str
    secret: bytes
    generation: int = 1
    buckets: int = 1
    user_id: str | None = None
    writes: tuple[int, ...] = (1,)
    epoch: int = 0
    preferences: Preferences = NO_PREFERENCES

    def narrow(self, scope: Scope) -> Scope:
        """The scope within this project. Raises ScopeRequired if no scope is named, and Forbidden
        if it names another user than the one that the project is bound to."""
        if self.user_id is not None and scope.user_id not in (None, self.user_id):
            raise Forbidden("this key is for another user_id")
        scope = replace(scope, user_id=self.user_id or scope.user_id)
        if not scope.given():
            raise ScopeRequired(f"name a scope: one of {NAMES_OF_SCOPES}")
        return scope

    def holds(self, owner_hash: str) -> bool:
        """Whether memories of this owner hash may be touched here."""
        return self.user_id is None or owner_hash == self.owner_hash(Owner("user", self.user_id))

    def owner_hash(self, owner: Owner) -> str:
        """15 hex digits that stand for the owner in keys and ids.

        The hashed text is length-prefixed, so two pairs of kind and value never make the same text.
        """
        text = f"{len(owner.kind)}:{owner.kind}{len(owner.value)}:{owner.value}"
        digest = hashlib.blake2b(text.encode(), key=self.secret, digest_size=8).digest()
        return f"{int.from_bytes(digest) >> (64 - _OWNER_BITS):015x}"

    def slot(self, owner_hash: str) -> str:
        """The Redis hash tag that keeps all of an owner in one slot."""
        return owner_slot(self.id, owner_hash)

    def tenant(self, owner_hash: str, generation: int | None = None) -> str:
        """The vector store's tenant of an owner hash: the tenant to read, or, if a generation is
        given, the tenant in it."""
        return f"p{self.id}-g{generation or self.generation}-b{int(owner_hash, 16) % self.buckets}"

    def written(self, owner_hash: str) -> list[str]:
        """The tenants that take an owner's writes."""
        return [self.tenant(owner_hash, generation) for generation in self.writes]

    def tenants(self, generation: int | None = None) -> list[str]:
        """All tenants to read, or, if a generation is given, all tenants in it."""
        number = generation or self.generation
        return [f"p{self.id}-g{number}-b{bucket}" for bucket in range(self.buckets)]


def project_of_tenant(tenant: str) -> str | None:
    """The project whose tenant this is. None if the service makes no such name."""
    match = _TENANT.fullmatch(tenant)
    return match[1] if match else None


def owner_slot(project_id: str, owner_hash: str) -> str:
    return f"{project_id}.{owner_hash}"


def split_slot(slot: str) -> tuple[str, str]:
    """Project id and owner hash of a slot."""
    project_id, _, owner_hash = slot.rpartition(".")
    return project_id, owner_hash


def mint(prefix: str, owner_hash: str) -> str:
    """A new id that belongs to an owner. `prefix` is mem or rel."""
    low = (0b10 << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    return f"{prefix}_{owner_hash[:12]}8{owner_hash[12:]}{low:016x}"


def mint_job(owner_hash: str, nonce: str = "") -> str:
    """A new job id that belongs to an owner: a UUID. The same nonce, in hexadecimal, always gives
    the same id."""
    digits = mint("job", owner_hash)[4:]
    if nonce:
        low = (0b10 << _RANDOM_BITS) | (int(nonce, 16) & ((1 << _RANDOM_BITS) - 1))
        digits = f"{digits[:16]}{low:016x}"
    return str(UUID(digits))


def job_owner_hash(identifier: str) -> str | None:
    """The owner hash inside a job id. None if the text is no job id."""
    match = _JOB.fullmatch(identifier)
    return match[1] + match[2] + match[3] if match else None


def adopt(project: Project, prefix: str, owner_hash: str, identifier: str) -> str:
    """The id under which an owner takes over what had the id `identifier` elsewhere. The same
    arguments always give the same id."""
    text = f"{prefix}:{owner_hash}:{identifier}".encode()
    digest = hashlib.blake2b(text, key=project.secret, digest_size=8, person=b"adopt").digest()
    low = (0b10 << _RANDOM_BITS) | (int.from_bytes(digest) >> (64 - _RANDOM_BITS))
    return f"{prefix}_{owner_hash[:12]}8{owner_hash[12:]}{low:016x}"


def owner_hash_of(identifier: str, prefix: str = "mem") -> str | None:
    """The owner hash inside an id. None if the text is no id of that kind."""
    match = _ID.fullmatch(identifier)
    if match is None or match[1] != prefix:
        return None
    return match[2] + match[3]


def owner_prefix(owner_hash: str) -> str:
    """The text that every memory id of an owner begins with."""
    return f"mem_{owner_hash[:12]}8{owner_hash[12:]}"


def sibling(prefix: str, identifier: str) -> str:
    """A new id of the owner whose memory has the id `identifier`."""
    owner_hash = owner_hash_of(identifier)
    if owner_hash is None:
        raise ValueError(f"no memory id: {identifier}")
    return mint(prefix, owner_hash)
