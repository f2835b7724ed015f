"""What Tidemill writes down: frozen records, one a noun. Times are microseconds since 1970 UTC (`Micros`)."""

from __future__ import annotations

import hashlib
from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

from tidemill.ref import Ref
from tidemill.store.frozen import dataclass
from tidemill.store.payloads import Findings, ReleaseEvidence, WindowData
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from sqlalchemy import Connection

Tx: TypeAlias = "Connection | None"  # A transaction in progress; opaque above the stores
MOVING = "moving"
"""The setting that says where the project is being moved (``to``), or has ``moved``: nobody goes on with what it left. Of
stores that are being filled: ``from`` where."""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a pipeline. ``key`` names the work asked for: a killed run asked for again is the same run."""

    id: str
    pipeline: str
    key: str
    status: str  # running | done | failed | cancelled
    owner: str  # lease owner: host:pid:start
    started: Micros
    ended: Micros | None = None
    parent: str | None = None  # run, release or decision that asked for it
    params: JsonObject = field(default_factory=dict)
    seed: int = 0
    code: JsonObject = field(default_factory=dict)  # commit, dirty, diff digest
    environment: JsonObject = field(
        default_factory=dict
    )  # python, host, threads; pins: the artifact of what was installed
    cost: JsonObject = field(default_factory=dict)  # cpu_s, wall_s
    outputs: JsonObject = field(default_factory=dict)  # name -> artifact digest
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run; while it runs, also what came of its parts (``fingerprint_inputs``: what these read and wrote)."""

    run: str
    name: str  # unique in the run: "train", "score[3]", "ingest/judged[3]"
    status: str  # pending | running | done | cached | failed | skipped
    position: int
    after: tuple[str, ...] = ()  # names of the steps it waits for
    fingerprint: str = ""
    fingerprint_inputs: JsonObject = field(default_factory=dict)  # the parts of the fingerprint, for `why`
    inputs: JsonObject = field(default_factory=dict)  # name -> digest
    outputs: JsonObject = field(default_factory=dict)  # name -> {digest, codec, bytes}
    impure: tuple[str, ...] = ()  # what it touched that a fingerprint cannot see
    attempt: int = 0
    started: Micros | None = None
    ended: Micros | None = None
    cpu_us: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Artifact:
    """Bytes in the artifact store, named by their digest."""

    digest: str
    codec: str  # table | json | arrays | bundle | report | bytes
    size: int  # bytes
    created: Micros


@dataclass(frozen=True, slots=True)
class Edge:
    """``source`` went into ``target``. Refs are ``kind:name``: run:, step:, artifact:, dataset:sales@3, file:sha256:…,
    model:shop@4, release:, prediction:, decision:."""

    source: str
    target: str
    relation: str  # read | wrote | trained | evaluated | released | served | decided | ingested
    at: Micros


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened and that a person may want to see: an alarm, a promotion, a roll back."""

    id: str
    at: Micros
    kind: str  # alarm | retrain | promoted | refused | rolled_back | ingested | quarantined | override | ...
    subject: str  # a ref
    data: JsonObject = field(default_factory=dict)
    principal: str = ""  # who did it; nobody where the program did


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """One version of a Delta table. Identity is (dataset, version, generation, digest)."""

    dataset: str
    version: int
    generation: int
    digest: str  # of the version's file list and their digests
    rows: int
    quarantined: int  # rows of this ingest that broke the contract
    created: Micros
    run: str | None
    time_min: Micros | None = None
    time_max: Micros | None = None
    profile: str | None = None  # artifact digest
    ingest: str = ""  # id that stands in `_ingest` on every row of it


@dataclass(frozen=True, slots=True)
class IngestedFile:
    """A source file that is in a dataset: the same bytes are never ingested twice."""

    dataset: str
    digest: str
    name: str
    rows: int
    quarantined: int
    version: int
    ingest: str
    at: Micros


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One immutable bundle of a model. ``ref`` is ``model:NAME@VERSION``."""

    name: str
    version: int
    bundle: str  # artifact digest of the released fit
    evaluation_bundle: str  # of the evaluation model: the same recipe fitted without the test window
    recipe: JsonObject  # method and hyper-parameters
    kind: str  # first | refit | method | manual
    metrics: JsonObject  # name -> [mean, low, high]; plus n, warm, cold
    data: tuple[str, ...]  # dataset refs it was trained on
    trained_through: Micros
    run: str | None
    author: str
    card: str | None  # artifact digest
    created: Micros
    findings: Findings = field(default_factory=Findings)

    @property
    def ref(self) -> str:
        return str(Ref("model", self.name, self.version))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate said about a candidate."""

    id: str
    model: str  # model ref
    gate: str
    blessing: str  # quality | infrastructure | approval
    passed: bool
    verdict: str  # promoted | worse | no_gain | not_enough_data; nothing of a gate that compares with nothing
    evidence: JsonObject
    attestation: str | None  # artifact digest of the DSSE envelope
    at: Micros


@dataclass(frozen=True, slots=True)
class Release:
    """A model version on its way to, or at, an endpoint. Of an endpoint in an environment one row is ``champion``, and at most one
    ``shadow`` (partial unique indexes)."""

    id: str
    endpoint: str
    model: str  # model ref
    status: str  # shadow | held | canary | arm | holdout | champion | superseded | replaced | rolled_back | refused | halted
    stages: tuple[JsonObject, ...]  # [{"share": 0.25, "span": micros, "requests": 200}, ...]
    stage: int
    stage_since: Micros
    created: Micros
    started: Micros | None = None
    ended: Micros | None = None
    previous: str | None = None  # release id of the champion it replaces
    override: str | None = None  # the reason, when somebody passed the gates by hand
    attestations: tuple[str, ...] = ()  # artifact digests
    decision: str | None = None
    author: str = ""
    evidence: ReleaseEvidence = field(default_factory=ReleaseEvidence)
    environment: str = ""  # nothing: the first one of the project (so of every record that has one)


@dataclass(frozen=True, slots=True)
class Experiment:
    """An A/B of two releases that answer beside the champion. Of an endpoint in an environment one is ``running`` (a partial unique index).

    ``arms`` and ``models``: what it is compared with first, then what is compared.
    """

    id: str
    endpoint: str
    environment: str
    status: str  # running | settling (labels are still to come) | ended
    arms: tuple[str, ...]  # release ids
    models: tuple[str, ...]  # model refs
    share: float  # of all subjects, both arms together
    metric: str
    margin: float  # the least useful difference, a share of the first arm's level
    effect: float  # what it was planned to find, and is tuned to
    alpha: float  # how often it may err, however often it is looked at
    started: Micros
    until: Micros  # answers up to here count
    author: str
    then: str = "tell"  # what becomes of one that is better: tell | release
    ended: Micros | None = None
    verdict: str = ""  # better | worse | no_useful_difference | time_over | harmful | arm_lost | stopped
    reason: str = ""
    settled: str = ""  # the same, when all labels were in
    plan: JsonObject = field(default_factory=dict)  # as it was made before


@dataclass(frozen=True, slots=True)
class Decision:
    """What the retrain policy did with a set of evidence."""

    id: str
    at: Micros
    action: str  # retrain | none
    reason: str
    code: (
        str  # of the reason, see `tidemill.retrain.decide`: what stood against it and what called for it, joined by "+"
    )
    evidence: JsonObject
    evidence_digest: str
    policy: JsonObject
    run: str | None = None
    endpoint: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One job of the loop. Those that a decision asks for have a row from their start; of the others, which come at every
    tick, only those that failed: one record while the same goes wrong, from ``started`` to ``ended``. (event clock)"""

    id: str
    environment: str  # "": the default one
    endpoint: str
    kind: str  # ingest | hold | settle | watch | look | pairs | train | release | batch | turn
    subject: str  # a ref: what it is done to
    status: str  # running | done | failed
    started: Micros
    ended: Micros | None = None
    decision: str | None = None
    code: str = ""  # of the error
    error: str = ""
    times: int = 1  # that it failed so


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a monitor saw go wrong: an episode, until so many windows without it have closed; of quality, until
    a person closes it or another version serves.

    What an alarm of quality says of it stands in fields: the figure since then with its range, and what was promised.
    """

    id: str
    environment: str  # "": the default one
    endpoint: str
    monitor: str  # whose windows: drift | quality | platform
    kind: str  # what a policy calls it: drift | decay | platform
    model: str | None  # model ref
    window: Micros  # end of the window that raised it
    opened: Micros  # event clock
    since: Micros  # when it began, as far as the windows show
    what: tuple[str, ...]  # for people, worst first
    hurts: str  # impact on quality when it was opened: yes | perhaps | no | not known yet
    again: bool  # a reminder of one that persists
    evidence: JsonObject
    closed: Micros | None = None
    ended: str = ""  # how it was closed: over | new_champion | taken_back | by_hand
    metric: str = ""
    now: float | None = None  # the figure of the windows since then
    promised: float | None = None  # the worse end of what the version was evaluated with
    interval: tuple[float, ...] = ()  # of `now`: three standard errors, for its beginning was chosen
    windows: int | None = None  # since then, with answers
    answers: int | None = None
    subjects: int | None = None  # distinct; None where nobody says one
    blind_below: float | None = None  # losses that the promise hides, as a share of what was evaluated


@dataclass(frozen=True, slots=True)
class Settlement:
    """Whether an alarm, a refusal, a promotion or a roll back was right, by the labels of the weeks after it."""

    id: str
    environment: str  # "": the default one
    endpoint: str
    kind: str  # alarm | refused | promoted | rolled_back
    what: str  # of an alarm: its kind
    subject: str  # a ref: the alarm or the release
    model: str  # the version that it is about
    other: str  # the version it is compared with; "": with what it promised itself
    at: Micros  # when it was raised or done
    when: Micros  # when it could be settled: the labels of the weeks after it are mature
    metric: str
    settled: str  # right | wrong | undecidable
    reason: str  # shown | not_shown | too_few | the code of what kept a version from being asked again
    expected: float | None = None  # the difference that it was raised or done for, more is better
    came: float | None = None  # what it was
    interval: tuple[float, ...] = ()  # of `came`, 95 %
    requests: int = 0
    subjects: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """One window of a monitor: judged by what was there, and judged again when more of it has come."""

    endpoint: str
    monitor: str  # drift | requests | quality | platform | parity | …
    start: Micros
    end: Micros
    n: int  # what it had to look at; 0: nothing, which is not the same as nothing wrong
    data: WindowData
    alarm: bool = False
    environment: str = ""
    complete: bool = True  # false: rows are still to come, and it raises no alarm
    revision: int = 0  # how often it was judged again
    judged: Micros = 0  # event clock

    @property
    def state(self) -> str:
        """alarm | quiet | incomplete | no rows."""
        if not self.complete:
            return "incomplete"
        return ("alarm" if self.alarm else "quiet") if self.n else "no rows"


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the windows of an endpoint are compared with while it serves a model: an artifact, and made anew if it is gone."""

    environment: str  # "": the default one
    endpoint: str
    model: str  # model ref
    artifact: str  # digest
    made: Micros


@dataclass(frozen=True, slots=True)
class Lease:
    """Who owns a name until when (the database's time). ``term``: which owner it is, counted over all leases: it only grows."""

    name: str
    owner: str
    expires: Micros
    environment: str = ""
    term: int = 0


@dataclass(frozen=True, slots=True)
class Fence:
    """What a process that works under a lease writes by: nothing more, once another has begun a later term of it."""

    name: str
    term: int


@dataclass(frozen=True, slots=True)
class Token:
    """A program's key, stored as a hash."""

    id: str
    name: str
    hash: str
    scopes: tuple[str, ...]  # predict feedback read operate replay
    created: Micros
    expires: Micros | None = None
    once: bool = False  # a login code: gone at its first use
    principal: str = ""  # whose it is, by id; nobody's: made before there were accounts, or by who reads the folder
    bound: str = ""  # digest of what a session was begun with beside its cookie


@dataclass(frozen=True, slots=True)
class Scorer:
    """A scorer of a team's stores, as its last heartbeat tells it. Times are the store's own clock."""

    id: str
    environment: str  # "": the default one
    host: str
    address: str  # where it listens
    pid: int
    since: Micros
    beat: Micros
    expires: Micros  # from then on it answers nobody until it has looked again
    releases: int  # revision of the releases that it serves
    tokens: int  # revision of the tokens that it knows
    position: int  # of the feed that its answers can see
    endpoints: JsonObject  # name -> {"health", "variants": {variant: model}}
    limits: int = 0  # revision of the limits on people's data that it goes by


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answer of the server."""

    id: str
    endpoint: str
    at: Micros
    subject: str
    model: str  # model ref
    release: str
    arm: str  # the variant: champion | canary | holdout | arm:RELEASE
    output: bytes  # JSON: what was answered (items and scores, or a value)
    inputs: bytes  # JSON: the request as the contract allows it to be kept
    watermark: int  # last online event that the answer could see
    latency_us: int
    cold: bool = False
    key: str | None = None
    environment: str = ""
    explained: bytes = b""  # JSON: what the answer is made of; nothing where that is not kept
    propensity: float = 1.0  # the chance with which its subject was drawn for this variant; 1 where nothing was drawn


@dataclass(frozen=True, slots=True)
class BatchPart:
    """A partition of a batch that is answered: its log is an artifact (`tidemill.store.batched`), not a row an answer."""

    name: str  # letters of the batch and of the partition: the ids of its rows begin so
    batch: str
    number: int
    endpoint: str
    environment: str
    at: Micros
    rows: int  # of the partition
    answered: int  # of these; the others could not be
    by: tuple[JsonObject, ...]  # {model, release, arm, propensity, n}: who answered how many
    log: str  # digest of the arrays
    out: str  # digest of the table that was asked for
    run: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What really happened. ``key`` is its own: the same key twice at an endpoint is one outcome."""

    key: str
    at: Micros
    subject: str
    item: str
    value: float  # below zero: a revoked outcome (a return)
    prediction: str | None  # as the sender named it
    received: Micros  # event clock
    joined: str | None = None  # prediction it belongs to
    how: str = ""  # "" not yet | id | subject | revokes | unattributed
    endpoint: str = ""
    environment: str = ""
    quarantined: bool = False  # of an item that nobody sells, as far as is known: kept, and part of no history
    joined_at: Micros = 0  # event clock; 0 while it is not


@dataclass(frozen=True, slots=True)
class OnlineEvent:
    """One row of a subject's history as serving knows it. ``seq`` orders knowledge, ``at`` orders the world."""

    seq: int
    key: str
    subject: str
    item: str
    at: Micros
    value: float
    file: str | None = None  # `_file` and `_row` once the dataset holds it too
    row: int | None = None
    ingest: str | None = None
    dataset: str = ""  # whose rows these are, or would be; ``key`` is its own within it
    endpoint: str = ""  # where it was told, before the dataset held it


@dataclass(frozen=True, slots=True)
class Gone:
    """Rows of a history were taken out: whoever holds them forgets them. Numbered as the events are; it names nobody."""

    seq: int
    mark: str  # `mark_of` the subject whose rows went; "": of every subject of the dataset some may have
    dataset: str


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What somebody says of an item (of a shop: in a ``store``): these columns, or that it is gone. ``at``: the moment of which it is so."""

    dataset: str
    item: str
    store: str  # "": of the item, wherever it is
    at: Micros
    values: JsonObject  # by column; None: it is not known any more
    gone: bool = False
    principal: str = ""  # who said it
    file: str | None = None  # or the file, its row and the ingest that said it
    row: int | None = None
    ingest: str | None = None


@dataclass(frozen=True, slots=True)
class ItemRow:
    """What is known of an item from position ``seq`` on, until another row takes its place; numbered as the events are.

    Of each column the value with the newest moment. Of one that is gone nothing is known.
    """

    seq: int
    dataset: str
    item: str
    store: str
    at: Micros  # the newest moment in it
    known: JsonObject  # values by column
    moments: JsonObject  # of the columns whose moment is another than ``at``
    gone: Micros  # the newest moment at which it was gone; 0: never
    received: Micros
    principal: str
    file: str | None = None
    row: int | None = None
    ingest: str | None = None
    until: int | None = None  # the position from which on another row stands for it

    def moment(self, column: str) -> Micros:
        """Of which moment the value of a column is; of one without a value the one from which on there may be one."""
        return int(self.moments.get(column, self.at)) if column in self.known else self.gone


@dataclass(frozen=True, slots=True)
class EntityInputs:
    """What a model of entities would be asked about one of them: its inputs as of a moment, by the views that it learned from."""

    model: str  # its name
    subject: str
    at: Micros
    inputs: bytes  # JSON object


@dataclass(frozen=True, slots=True)
class Deferred:
    """A question that is answered later; its id is that of the prediction to come. Its moments are the database's, but for ``at``."""

    id: str
    endpoint: str
    environment: str
    at: Micros  # event clock: when it was taken
    subject: str
    body: bytes  # JSON: the request
    asker: str  # the token's name: who may look
    position: int  # what the answer has to see
    expires: Micros  # from when on it is not answered any more
    status: str  # waiting | answered | failed | expired
    due: Micros  # when somebody has to see to it: answer it, call back, let it go
    owner: str = ""  # the scorer that does so now, until `due`
    tries: int = 0
    problem: bytes = b""  # JSON: why there is no answer
    callback: str = ""  # where the answer is sent
    told: str = ""  # "" not yet | yes | gave up
    settled: Micros = 0  # when it was answered, or was not


def mark_of(subject: str) -> str:
    """What stands for a subject where its name must not.

    >>> mark_of("12345")
    '000afbf3f1f0bdecbb9748dad8b42825'
    """
    return hashlib.blake2b(subject.encode(), digest_size=16).hexdigest()


def event_of(o: Outcome, dataset: str) -> OnlineEvent:
    """An outcome as a row of its subject's history."""
    return OnlineEvent(0, o.key, o.subject, o.item, o.at, o.value, dataset=dataset, endpoint=o.endpoint)
