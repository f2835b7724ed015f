"""Every error that Tidemill raises on purpose, in one tree.

TidemillError
├── ConfigError            tidemill.toml or a contract cannot be read as written
│   └── NotAvailableYet    a documented setting that this version does not build
├── PolicyRefused          a rule of the project's policy.toml says no
├── ProjectError           no project here, or it is opened in a way it does not allow
├── DataError
│   ├── SourceError        a source cannot be read
│   │   └── SourceBusy     the machine, and not the file, is why
│   ├── ContractError      the contract itself is wrong
│   └── DataBlocked        too many rows break the contract
├── StoreError
│   ├── NotFound           no such record
│   ├── Conflict           another writer was first, or the record is already there
│   ├── Damaged            bytes do not match their digest
│   ├── StoreBusy          the lock was not free within the bounded wait
│   └── DiskFull           the disk has no room; nothing was written
├── EngineError
│   ├── PipelineError      the graph of steps is wrong
│   ├── StepFailed         a step raised
│   ├── StepTimeout        a step was killed at its time limit
│   └── LeaseLost          somebody else owns this run now
├── ModelError
│   ├── NotTemporalSplit   a random split was asked of timed data
│   ├── NotEnoughData      nothing to learn from or to test on
│   └── SignatureMismatch  inputs do not fit the model's signature
├── ReleaseError
│   ├── GateRefused        a gate said no
│   ├── NotAttested        a signature or a required attestation is missing or wrong
│   └── NotApproved        a person still has to say yes
└── ServeError
    ├── BadRequest         400
    ├── Unauthorized       401
    ├── Forbidden          403
    ├── NoRoute            404, nothing answers at this address
    ├── WrongMethod        405
    ├── TooSlow            408, the request did not arrive in time
    ├── Expired            410, nobody answered in its time, or it is not kept any more
    ├── TooLarge           413
    ├── UnsupportedMedia   415, a body that is packed or in another encoding
    ├── TooMany            429, so many requests of one caller are being answered already
    ├── TooBusy            503, so many requests of all are
    ├── TooLate            503, the answer was not there by the request's deadline
    ├── NoModel            503, nothing is released to this endpoint
    ├── PortBusy           the address is taken
    └── AlreadyUp          another `tidemill up` serves this project
"""

from __future__ import annotations

import errno
from typing import ClassVar, Literal

Lacking = Literal["missing", "no_statement", "not_asked", "not_passed", "not_approved"]
Other = Literal["other_key", "other_bytes", "other_model", "other_endpoint"]


NOT_ALL_RIGHT = 9
"""The exit code of a command that did what it was told, where what it found is wrong, stale, or not there yet."""


class TidemillError(Exception):
    """An error that names the thing, the place and the hint.

    >>> e = ConfigError("unknown key 'metrik'", place="tidemill.toml:12", hint="did you mean 'metric'?")
    >>> print(e)
    tidemill.toml:12: unknown key 'metrik' - did you mean 'metric'?
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, place: str = "", hint: str = "") -> None:
        self.message, self.place, self.hint = message, place, hint
        super().__init__(message)

    def __str__(self) -> str:
        head = f"{self.place}: " if self.place else ""
        tail = f" - {self.hint}" if self.hint else ""
        return f"{head}{self.message}{tail}"

    def problem(self) -> dict[str, str | int]:
        """The error as an RFC 9457 problem document."""
        return {
            "type": "about:blank",
            "title": self.code,
            "status": self.status,
            "code": self.code,
            "detail": self.message,
            "place": self.place,
            "hint": self.hint,
        }


class ConfigError(TidemillError):
    code, status, exit_code = "config", 400, 2


class NotAvailableYet(ConfigError):
    code = "not_available_yet"


class PolicyRefused(TidemillError):
    """``place`` names the rule."""

    code, status, exit_code = "policy", 403, 2


class ProjectError(TidemillError):
    code, status, exit_code = "project", 409, 2


class DataError(TidemillError):
    code, status, exit_code = "data", 422, 3


class SourceError(DataError):
    """``lasting``: whether the same bytes are refused again, whenever they are read."""

    code = "source"
    lasting = False


class SourceBusy(SourceError):
    """The machine, and not the file, is why it was not read."""

    code = "source_busy"


class ContractError(DataError):
    code = "contract"


class DataBlocked(DataError):
    code = "data_blocked"


class StoreError(TidemillError):
    code, status, exit_code = "store", 500, 4


class NotFound(StoreError):
    code, status = "not_found", 404


class Conflict(StoreError):
    code, status = "conflict", 409


class Damaged(StoreError):
    code = "damaged"


class StoreBusy(StoreError):
    code, status = "busy", 503


class DiskFull(StoreError):
    code, status = "disk_full", 507


def no_room(error: BaseException) -> bool:
    """Whether the system says that the disk, or this user's share of it, is full.

    >>> no_room(OSError(errno.ENOSPC, "No space left on device")), no_room(ValueError())
    (True, False)
    """
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class EngineError(TidemillError):
    code, exit_code = "engine", 5


class PipelineError(EngineError):
    code = "pipeline"


class StepFailed(EngineError):
    code = "step_failed"


class StepTimeout(EngineError):
    code = "step_timeout"


class LeaseLost(EngineError):
    code, status = "lease_lost", 409


class ModelError(TidemillError):
    code, status, exit_code = "model", 422, 6


class NotTemporalSplit(ModelError):
    code = "not_temporal_split"


class NotEnoughData(ModelError):
    code = "not_enough_data"


class NotEnoughMemory(ModelError):
    """What is asked for would take more memory than it may have: said before it is begun."""

    code = "not_enough_memory"


class SignatureMismatch(ModelError):
    code = "signature_mismatch"


class ReleaseError(TidemillError):
    code, status, exit_code = "release", 409, 7


class GateRefused(ReleaseError):
    code = "gate_refused"


class NotAttested(ReleaseError):
    """``reason``: what a release's signed statements lack, or that they are another's; None where a file is at fault."""

    code = "not_attested"

    def __init__(self, message: str, reason: Lacking | Other | None = None, *, place: str = "", hint: str = "") -> None:
        super().__init__(message, place=place, hint=hint)
        self.reason = reason


class NotApproved(ReleaseError):
    code = "not_approved"


class ServeError(TidemillError):
    code, status, exit_code = "serve", 500, 8


class BadRequest(ServeError):
    code, status, exit_code = "bad_request", 400, 2


class Unauthorized(ServeError):
    code, status = "unauthorized", 401


class Forbidden(ServeError):
    code, status = "forbidden", 403


class NoRoute(ServeError):
    code, status = "no_route", 404


class WrongMethod(ServeError):
    code, status = "wrong_method", 405


class TooSlow(ServeError):
    code, status = "too_slow", 408


class TooLarge(ServeError):
    code, status = "too_large", 413


class UnsupportedMedia(ServeError):
    code, status = "unsupported_media", 415


class TooMany(ServeError):
    """One caller asks for more at a time than its share."""

    code, status = "too_many", 429


class TooBusy(ServeError):
    """As many requests as there is room for are being answered."""

    code, status = "too_busy", 503


class TooLate(ServeError):
    """What was asked for was not there by the request's deadline, and is not given after it."""

    code, status = "too_late", 503


class NoModel(ServeError):
    code, status = "no_model", 503


class CutOff(ServeError):
    """A scorer that has not heard from the store for so long that what it knows may have been taken back."""

    code, status = "cut_off", 503


class NotThereYet(ServeError):
    """A position that this scorer's answers cannot see yet."""

    code, status = "not_there_yet", 503


class Expired(ServeError):
    """A question that nobody answered in its time, or an answer that is not kept any more."""

    code, status = "expired", 410


class PortBusy(ServeError):
    code = "port_busy"


class AlreadyUp(ServeError):
    code = "already_up"
