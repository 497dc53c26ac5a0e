"""The key grammar. Every key of an owner carries its slot in braces, so one script reaches all.

mg:{slot}:clock        last record time of the owner, microseconds
mg:{slot}:m:<mid>      last version of a memory (packing.py)   mv:<mid>  earlier, by retracted_at
mg:{slot}:e:<eid>      last version of an edge                 ev:<eid>  earlier, by retracted_at
mg:{slot}:o:<mid>      outgoing edges, score = valid_to        i:<mid>   incoming
mg:{slot}:xo:<mid>     retracted ones, score = retracted_at    xi:<mid>  incoming
mg:{slot}:ix           memory ids by created_at                s:<hash>  those of one session
mg:{slot}:bd           ids that are not open, by valid_to      tomb      erased ids by time
mg:{slot}:sb           memory id → recorded_at, successor      ob        memory id → outbox token
mg:{slot}:c            content claims                          rc:<mid>  edge claims of a source
mg:{slot}:ev           stream of events, ids "<record time>-<n>", capped; fields: e kind, and
                       m memory, v version, or r edge, m source, o target
mg:{slot}:op:<id>      record time of an operation, or "<record time> <answer>"
mg:{slot}:ops          operations that keep an answer, by record time
mg:{slot}:fb           memory id → feedback
mg:{slot}:by           "<field>:<value>" of the names below    er:<erasure>  tally of an erasure
mg:{slot}:j:<job>      a job; with what was said, until it has ended
mg:{slot}:js           job ids by time                         jw  those that wait   jl  a lease
mg:once:{project}:<operation>     [digest, answer, nonce] of an Idempotency-Key
mg:dirty:<0-f>         slots written lately, by time
mg:by:{project}:<field>:<value>   owner hashes that name an agent, app or session
mg:project:<id>        secret, buckets, generation (read), writes (generations), epoch; and
                       name, created_at, updated_at, prefers:<name>, member:<email>
mg:meta                format and model
mg:{slot}:lease        who repairs the owner; lapses by itself (redis/leases.py)
mg:erasing:{project}:<subject>       who erases an entity       mg:{upkeep}:lease  the hourly look
mg:task:<id>           an upkeep task, and who took it last    mg:tasks  ids by start
mg:lease:{mg:task:<id>}           the lease of a task
mg:tasks:running       "<kind>:<project>" → id
mg:work                stream of calls to owners with jobs that wait: s slot, j job, t milliseconds
mg:later:{mg:work}     calls that are put off, by time         mg:jobs:{project}:listed  ids by time
mg:erasures            "<project>:<erasure>" → order, as long as it runs
mg:erased:{project}:<erasure>     owner hashes that it touched, as long as it runs
mg:erasure:{project}:<erasure>    the receipt, for good
mg:report:{project}:<id>          what a saved report asks for   …:listed  ids by time
mg:projects            ids of projects                         mg:pepper keys the digests of secrets
mg:key:<hash>          an API key, without its secret          mg:keys:<project>  key id → hash
mg:revoked:{mg:key:<hash>}       its time of creation, for a day: it is not made again
mg:once:_:<hash>       Idempotency-Key of an administrator     mg:limits:…, mg:audit  (access/)

This module spells every key; layout.py says what is written to those of an owner.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from memory.domain.ids import owner_hash_of, owner_slot
from memory.domain.transaction import DedupKey

META = "mg:meta"
PEPPER = "mg:pepper"
PROJECTS = "mg:projects"
ERASURES = "mg:erasures"
WORK, LATER = "mg:work", "mg:later:{mg:work}"
TASKS, RUNNING = "mg:tasks", "mg:tasks:running"
DIRTY = tuple(f"mg:dirty:{digit:x}" for digit in range(16))
_OWNED = re.compile(r"mg:\{([^}]+)\}:.+")


class KeyKind(StrEnum):
    """What follows the prefix of an owner's keys. An id comes after a kind that ends in a colon.
    Lua knows each as KEY_<name> (lua_constants.py)."""

    CLOCK = "clock"
    MEMORY = "m:"
    EARLIER_MEMORIES = "mv:"
    EDGE = "e:"
    EARLIER_EDGES = "ev:"
    OUTGOING = "o:"
    INCOMING = "i:"
    RETRACTED_OUTGOING = "xo:"
    RETRACTED_INCOMING = "xi:"
    LISTING = "ix"
    SESSION = "s:"
    BOUNDED = "bd"
    TOMBSTONES = "tomb"
    SUCCESSORS = "sb"
    OUTBOX = "ob"
    CONTENT_CLAIMS = "c"
    EDGE_CLAIMS = "rc:"
    EVENTS = "ev"
    OPERATION = "op:"
    OPERATIONS = "ops"
    FEEDBACK = "fb"
    NAMES = "by"
    TALLY = "er:"
    JOB = "j:"
    JOBS = "js"
    WAITING_JOBS = "jw"
    JOB_LEASE = "jl"
    LEASE = "lease"


@dataclass(frozen=True, slots=True)
class OwnerKeys:
    """Keys of one owner."""

    slot: str

    @property
    def prefix(self) -> str:
        """What every key of the owner begins with."""
        return f"mg:{{{self.slot}}}:"

    def key(self, kind: str, name: str = "") -> str:
        return f"mg:{{{self.slot}}}:{kind}{name}"

    @property
    def clock(self) -> str:
        return self.key(KeyKind.CLOCK)

    @property
    def listing(self) -> str:
        """Ids of all memories by created_at."""
        return self.key(KeyKind.LISTING)

    @property
    def bounded(self) -> str:
        """Ids of the memories that are not open, by valid_to."""
        return self.key(KeyKind.BOUNDED)

    @property
    def tombstones(self) -> str:
        return self.key(KeyKind.TOMBSTONES)

    @property
    def successors(self) -> str:
        return self.key(KeyKind.SUCCESSORS)

    @property
    def outbox(self) -> str:
        return self.key(KeyKind.OUTBOX)

    @property
    def content_claims(self) -> str:
        return self.key(KeyKind.CONTENT_CLAIMS)

    @property
    def events(self) -> str:
        return self.key(KeyKind.EVENTS)

    @property
    def operations(self) -> str:
        return self.key(KeyKind.OPERATIONS)

    @property
    def feedback(self) -> str:
        return self.key(KeyKind.FEEDBACK)

    @property
    def names(self) -> str:
        return self.key(KeyKind.NAMES)

    @property
    def jobs(self) -> str:
        return self.key(KeyKind.JOBS)

    @property
    def waiting_jobs(self) -> str:
        return self.key(KeyKind.WAITING_JOBS)

    def memory(self, memory_id: str) -> str:
        return self.key(KeyKind.MEMORY, memory_id)

    def earlier_memories(self, memory_id: str) -> str:
        return self.key(KeyKind.EARLIER_MEMORIES, memory_id)

    def edge(self, edge_id: str) -> str:
        return self.key(KeyKind.EDGE, edge_id)

    def earlier_edges(self, edge_id: str) -> str:
        return self.key(KeyKind.EARLIER_EDGES, edge_id)

    def edge_claims(self, source_id: str) -> str:
        return self.key(KeyKind.EDGE_CLAIMS, source_id)

    def operation(self, operation: str) -> str:
        return self.key(KeyKind.OPERATION, operation)

    def tally(self, erasure_id: str) -> str:
        return self.key(KeyKind.TALLY, erasure_id)

    def job(self, job_id: str) -> str:
        return self.key(KeyKind.JOB, job_id)

    def session(self, session_id: str) -> str:
        """Hashed: a session id may be long, and keys are many."""
        digest = hashlib.blake2b(session_id.encode(), digest_size=12).hexdigest()
        return self.key(KeyKind.SESSION, digest)

    def claim(self, claim: DedupKey) -> str:
        """The hash that holds a dedup claim."""
        if claim.space == "content":
            return self.content_claims
        return self.edge_claims(claim.space)


def of(project_id: str, memory_id: str) -> OwnerKeys:
    """Keys of the owner whose owner_hash the id carries."""
    return OwnerKeys(owner_slot(project_id, owner_hash_of(memory_id) or ""))


def slot_of(key: str) -> str | None:
    """The owner's slot; None if the key is no owner's."""
    match = _OWNED.fullmatch(key)
    return match[1] if match else None


def dirty(slot: str) -> str:
    """Spread over sixteen keys, so no single Redis node takes a mark for every write."""
    return DIRTY[int(slot[-1], 16)]


def named(project_id: str, field: str, value: str) -> str:
    return f"mg:by:{{{project_id}}}:{field}:{value}"


def once(project_id: str, operation: str) -> str:
    return f"mg:once:{{{project_id}}}:{operation}"


def once_of_administrator(digest: str) -> str:
    return f"mg:once:_:{digest}"


def touched(project_id: str, erasure_id: str) -> str:
    return f"mg:erased:{{{project_id}}}:{erasure_id}"


def receipt(project_id: str, erasure_id: str) -> str:
    return f"mg:erasure:{{{project_id}}}:{erasure_id}"


def jobs(project_id: str) -> str:
    return f"mg:jobs:{{{project_id}}}:listed"


def report(project_id: str, report_id: str) -> str:
    return f"mg:report:{{{project_id}}}:{report_id}"


def reports(project_id: str) -> str:
    return report(project_id, "listed")


def project(project_id: str) -> str:
    return f"mg:project:{project_id}"


def api_key(digest: str) -> str:
    return f"mg:key:{digest}"


def revoked(digest: str) -> str:
    """In the same cluster slot as the key's record, so that one script reaches both."""
    return f"mg:revoked:{{{api_key(digest)}}}"


def api_keys(project_id: str) -> str:
    return f"mg:keys:{project_id}"


def lease(name: str) -> str:
    """The key of a lease by its name: "repair:<slot>", "erasing:<project>:<subject>", "upkeep"."""
    area, _, rest = name.partition(":")
    if area == "repair":
        return OwnerKeys(rest).key(KeyKind.LEASE)
    if area == "erasing":
        project_id, _, subject = rest.rpartition(":")
        return f"mg:erasing:{{{project_id}}}:{subject}"
    return OwnerKeys(name).key(KeyKind.LEASE)


def task(task_id: str) -> str:
    return f"mg:task:{task_id}"


def task_lease(task_id: str) -> str:
    """In the same cluster slot as the task, so that one script reaches both."""
    return f"mg:lease:{{{task(task_id)}}}"


def everything(project_id: str) -> tuple[str, ...]:
    """Patterns of all that a project holds: its owners' keys, and what is derived or kept beside
    them."""
    kinds = ("once", "erasing", "erased", "erasure", "report", "jobs")
    beside = (f"mg:{kind}:{{{project_id}}}:*" for kind in kinds)
    return (f"mg:{{{project_id}.*}}:*", *beside)


def listings(project_id: str | None = None) -> str:
    """A pattern of the listings of a project's owners, or of all owners."""
    return OwnerKeys(f"{project_id or '*'}.*").listing
