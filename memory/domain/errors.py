"""Every way an operation can be refused, as one tree.

Mem0gError
├── InvalidInput            the caller sent something that can never work
│   ├── ScopeRequired       no owner was named
│   └── TooLarge            a body or field over its limit
├── Unauthenticated         no key, or a wrong one
├── Forbidden               a key that may not do this
├── NotFound                nothing of this id that the caller may see
├── Conflict                true when asked, but the record stands otherwise
│   ├── VersionMismatch     if_version named another version
│   ├── SupersedeConflict   the old memory cannot be ended this way
│   ├── Immutable           the memory is not to be changed
│   └── IdempotencyMismatch the Idempotency-Key was given to another request
├── Unavailable             worth another try after `retry_after` seconds
│   ├── StoreUnavailable    Redis, Weaviate or the embedder does not answer
│   ├── ModelUnavailable    no answer of the language model
│   │   └── UnfitAnswer     one that cannot be used
│   ├── Overloaded          more requests under way than admitted
│   └── RateLimited         more requests than the key or its project may send
├── DeadlineExceeded        the request outlived its deadline
└── StartupRefused          the service must not start like this

Domain code raises these. deployments/remote.py carries them over a handle as values.
deployments/api/errors.py maps each `code` to a status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class Mem0gError(Exception):
    """Base of the tree. `code` is what machines read, the message what people read."""

    code: ClassVar[str] = "internal_error"
    by_code: ClassVar[dict[str, type[Mem0gError]]] = {}

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __init_subclass__(cls) -> None:
        # The first class of a code stays: Ray derives classes of its own when it carries an error.
        Mem0gError.by_code.setdefault(cls.code, cls)


class InvalidInput(Mem0gError):
    code = "invalid_input"


class ScopeRequired(InvalidInput):
    code = "scope_required"


class TooLarge(InvalidInput):
    code = "too_large"


class Unauthenticated(Mem0gError):
    code = "unauthenticated"


class Forbidden(Mem0gError):
    code = "forbidden"


class NotFound(Mem0gError):
    code = "not_found"


class Conflict(Mem0gError):
    code = "conflict"


class VersionMismatch(Conflict):
    code = "version_mismatch"


class SupersedeConflict(Conflict):
    code = "supersede_conflict"


class Immutable(Conflict):
    code = "immutable"


class IdempotencyMismatch(Conflict):
    code = "idempotency_mismatch"


class Unavailable(Mem0gError):
    """`retry_after` is in whole seconds: clients ignore fractions."""

    code = "unavailable"

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.args = (message, retry_after)
        self.retry_after = retry_after


class StoreUnavailable(Unavailable):
    code = "store_unavailable"


class ModelUnavailable(Unavailable):
    """The message holds no words of a prompt or an answer."""

    code = "model_unavailable"


class UnfitAnswer(ModelUnavailable):
    """The model may answer the same question better another time. Callers see a
    ModelUnavailable."""


class Overloaded(Unavailable):
    code = "overloaded"


class RateLimited(Unavailable):
    code = "rate_limited"


class DeadlineExceeded(Mem0gError):
    code = "deadline_exceeded"


class StartupRefused(Mem0gError):
    code = "startup_refused"


@dataclass(frozen=True, slots=True)
class Refused:
    """An error as a value. A batch reports an item with it, and a handle carries an outcome with
    it."""

    code: str
    message: str
    retry_after: int | None = None

    @classmethod
    def of(cls, error: Mem0gError) -> Refused:
        return cls(error.code, error.message, getattr(error, "retry_after", None))

    def error(self) -> Mem0gError:
        kind = Mem0gError.by_code.get(self.code, Mem0gError)
        if issubclass(kind, Unavailable):
            return kind(self.message, self.retry_after or 1)
        return kind(self.message)
