"""The key grammar: every key of an owner carries its slot as hash tag, so one script reaches all.

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
mg:{slot}:lease        the repair worker's                     fb        memory id → feedback
mg:once:{project}:<operation>     [digest, answer, nonce] of an Idempotency-Key
mg:dirty:<0-f>         slots written lately, by time
mg:by:{project}:<field>:<value>   owner hashes that name an agent, app or session
mg:project:<id>        secret, buckets, generation (read), writes (generations), epoch; and
                       name, created_at, updated_at, prefers:<name>, member:<email>
mg:meta                format and model
mg:task:<id>           an upkeep task with its holder          mg:tasks  ids by start
mg:tasks:running       "<kind>:<project>" → id
mg:{slot}:by           "<field>:<value>" of the names above    er:<erasure>  tally of an erasure
mg:{slot}:j:<job>      a job; with what was said, until it has ended
mg:{slot}:js           job ids by time                         jw  those that wait   jl  a lease
mg:work                stream of calls to owners with jobs that wait: s slot, j job, t milliseconds
mg:later:{mg:work}     calls that are put off, by time         mg:jobs:{project}:listed  ids by time
mg:erasures            "<project>:<erasure>" → order, as long as it runs
mg:erasing:{project}:<subject>    lease of who erases an entity
mg:erased:{project}:<erasure>     owner hashes that it touched, as long as it runs
mg:erasure:{project}:<erasure>    the receipt, for good
mg:report:{project}:<id>          what a saved report asks for   …:listed  ids by time
mg:projects            ids of projects                         mg:pepper keys the digests of secrets
mg:key:<hash>          an API key, without its secret          mg:keys:<project>  key id → hash
mg:revoked:{mg:key:<hash>}       its time of creation, for a day: it is not made again
mg:once:_:<hash>       Idempotency-Key of an administrator     mg:limits:…, mg:audit  (access/)
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class OwnerKeys:
    """Keys of one owner."""

    slot: str

    def key(self, *parts: str) -> str:
        return ":".join((f"mg:{{{self.slot}}}", *parts))

    def memory(self, memory_id: str) -> str:
        return self.key("m", memory_id)

    def edge(self, edge_id: str) -> str:
        return self.key("e", edge_id)

    def operation(self, operation: str) -> str:
        return self.key("op", operation)

    def job(self, job_id: str) -> str:
        return self.key("j", job_id)

    def session(self, session_id: str) -> str:
        """Hashed: a session id may be long, and keys are many."""
        return self.key("s", hashlib.blake2b(session_id.encode(), digest_size=12).hexdigest())

    def claim(self, claim: DedupKey) -> str:
        return self.key("c") if claim.space == "content" else self.key("rc", claim.space)


def of(project_id: str, memory_id: str) -> OwnerKeys:
    """Keys of the owner whose owner_hash the id carries."""
    return OwnerKeys(owner_slot(project_id, owner_hash_of(memory_id) or ""))


def slot_of(key: str) -> str | None:
    """Whose key it is; None for one of no owner."""
    match = _OWNED.fullmatch(key)
    return match[1] if match else None


def dirty(slot: str) -> str:
    """Spread over sixteen keys, so no single Redis node takes a mark for every write."""
    return DIRTY[int(slot[-1], 16)]


def named(project_id: str, field: str, value: str) -> str:
    return f"mg:by:{{{project_id}}}:{field}:{value}"


def once(project_id: str, operation: str) -> str:
    return f"mg:once:{{{project_id}}}:{operation}"


def erasing(project_id: str, subject: str) -> str:
    return f"mg:erasing:{{{project_id}}}:{subject}"


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


def everything(project_id: str) -> tuple[str, ...]:
    """Patterns of all that a project holds: its owners', and what is derived or kept beside."""
    kinds = ("once", "erasing", "erased", "erasure", "report", "jobs")
    named = (f"mg:{kind}:{{{project_id}}}:*" for kind in kinds)
    return (f"mg:{{{project_id}.*}}:*", *named)


def task(task_id: str) -> str:
    return f"mg:task:{task_id}"


def indexes(project_id: str | None = None) -> str:
    """A pattern of the `ix` keys of a project's owners, or of all owners."""
    return f"mg:{{{project_id or '*'}.*}}:ix"
