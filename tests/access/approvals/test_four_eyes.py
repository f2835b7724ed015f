"""Four eyes are two people, whatever they come by: a state machine of people who vote, are renamed, lose roles and speak through programs.

The oracle knows who is who by a number that no record holds, and counts people by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.sql.conftest import postgres, server  # noqa: F401 - the fixtures
from tests.tiers import both
from tidemill.access.approvals.cast import cast, look, take_back
from tidemill.access.approvals.rule import Author, person_of, question
from tidemill.access.policy import Rule
from tidemill.errors import TidemillError
from tidemill.store.people import Approval, Principal, Vote
from tidemill.store.sql import open_metadata
from tidemill.store.sql.store import MetadataStore
from tidemill.types import HeldClock, new_id

PEOPLE = st.integers(0, 3)
PROGRAM = st.booleans()
Asked = tuple[int, bool, int, bool, bool]
ASKED = st.tuples(st.integers(1, 3), st.booleans(), PEOPLE, PROGRAM, st.booleans())
"""How many people, four eyes, who asks, by a program, and with an account."""
OWNER = "product-owner"
_number = count()


class Erasing:
    """A stand-in for what is decided on: it is done once, and remembers with whose words."""

    def __init__(self) -> None:
        self.evidence = {"subjects": 1}
        self.done: list[list[Vote]] = []

    def waits(self, project: Any, approval: Approval, tx: Any) -> bool:
        return not self.done

    def inputs(self, project: Any, approval: Approval, tx: Any) -> dict[str, Any]:
        return dict(self.evidence)

    def about(self, project: Any, approval: Approval) -> tuple[str, str]:
        return approval.subject, approval.inputs_digest

    def approved(self, project: Any, approval: Approval, votes: Any, said: Any, tx: Any) -> None:
        self.done.append(list(votes))

    def rejected(self, project: Any, approval: Approval, vote: Vote, said: Any, tx: Any) -> None: ...

    def expired(self, project: Any, approval: Approval, tx: Any) -> None: ...


class FourEyes:
    """Four people, each with a program of theirs, and one question after another."""

    def __init__(self, store: MetadataStore) -> None:
        self.store = store
        self.clock = HeldClock(1_000_000)
        self.project: Any = SimpleNamespace(store=self.store, clock=self.clock)
        self.matter = Erasing()
        self.number = next(_number)
        for who in range(4):
            for program, owner, kind in ((False, "", "person"), (True, self.id(who), "program")):
                made = Principal(self.id(who, program), f"{self.id(who, program)}.name", kind, (OWNER,), 1, owner=owner)
                self.store.principals.add(made)

    def ask(self, asked: Asked) -> None:
        self.needed, self.four_eyes, author, by, known = asked
        self.matter = Erasing()
        self.author = author if known else None
        asker = Author(self.store.principals.get(self.id(author, by))) if known else Author(None, "root")
        rule = Rule("two", (OWNER,), needed=self.needed, four_eyes=self.four_eyes)
        inputs = dict(self.matter.evidence)
        self.question = question("erasure", f"run:{next(_number)}", rule, asker, inputs, self.clock.now())
        self.store.approvals.add(self.question)

    def id(self, who: int, program: bool = False) -> str:
        return f"principal_{self.number}_{who}_{'program' if program else 'self'}"

    def vote(self, who: int, program: bool) -> None:
        """By a token or a session it is the same principal; by a program it is the program's."""
        id = self.id(who, program)
        if self.matter.done:
            return
        person, digest = person_of(self.store.principals.get(id)), self.look()
        said = Vote(new_id("vote"), self.question.id, id, person, OWNER, True, "looked", self.tick(), digest, who=id)
        self.cast(said)

    def vote_as_who_asks(self, program: bool) -> None:
        if self.author is not None:
            self.vote(self.author, program)

    def vote_without_an_account(self) -> None:
        digest = self.look()
        said = Vote(new_id("vote"), self.question.id, "", "", OWNER, True, "me", self.tick(), digest, who="root")
        self.cast(said)

    def look(self) -> str:
        """The digest of what is on the table now."""
        now = self.clock.now()
        return self.store.transact(lambda tx: look(self.project, self.question, self.matter, now, tx)).inputs_digest

    def cast(self, said: Vote) -> None:
        before = len(self.matter.done)
        try:
            self.store.transact(lambda tx: cast(self.project, said, self.matter, lambda roles: True, tx))
        except TidemillError:
            assert len(self.matter.done) == before
            assert self.store.votes.look_up(said.id) is None, "a word that is refused is not there"

    def take_back(self, who: int) -> None:
        try:
            self.store.transact(lambda tx: take_back(self.project, self.question.id, self.id(who), "", self.tick(), tx))
        except TidemillError:
            pass

    def rename(self, who: int, program: bool) -> None:
        self.store.principals.update(self.id(who, program), name=f"renamed.{next(_number)}")

    def change_roles(self, who: int, program: bool, roles: tuple[str, ...]) -> None:
        self.store.principals.update(self.id(who, program), roles=roles)

    def disable(self, who: int, gone: bool) -> None:
        self.store.principals.update(self.id(who), disabled=1 if gone else None)

    def evidence_changes(self, count: int) -> None:
        self.matter.evidence = {"subjects": count}

    def tick(self) -> int:
        self.clock.move(self.clock.now() + 1)
        return self.clock.now()

    def what_was_done_was_allowed_by_so_many_people(self) -> None:
        status = self.store.approvals.get(self.question.id).status
        assert (status == "approved") == bool(self.matter.done) and len(self.matter.done) <= 1
        for votes in self.matter.done:
            whose = {int(vote.principal.split("_")[2]) if vote.principal else None for vote in votes}
            assert len(whose) == len(votes) >= self.needed, "one person counted once"
            if self.four_eyes:
                assert None not in whose and self.author not in whose
                assert self.author is not None or len(whose) >= 2, "who asked may be any one of them"
            assert None not in whose or self.needed == 1


VOTE = st.tuples(st.just("vote"), PEOPLE, PROGRAM)
STEP = st.one_of(
    *[VOTE] * 4,
    st.tuples(st.just("vote_as_who_asks"), PROGRAM),
    st.tuples(st.just("vote_without_an_account")),
    st.tuples(st.just("take_back"), PEOPLE),
    st.tuples(st.just("rename"), PEOPLE, PROGRAM),
    st.tuples(st.just("change_roles"), PEOPLE, PROGRAM, st.sampled_from([(), (OWNER,), ("viewer", OWNER)])),
    st.tuples(st.just("disable"), PEOPLE, st.booleans()),
    st.tuples(st.just("evidence_changes"), st.integers(1, 3)),
    st.tuples(st.just("ask"), ASKED),
)
"""What somebody does next: most of all they vote."""


def told(store: MetadataStore, examples: int) -> None:
    seeded, quiet = examples < 100, list(HealthCheck)

    @settings(max_examples=examples, deadline=None, derandomize=seeded, database=None, suppress_health_check=quiet)
    @given(ASKED, st.lists(STEP, min_size=25, max_size=40))
    def story(asked: Asked, steps: list[Any]) -> None:
        people = FourEyes(store)
        people.ask(asked)
        for name, *words in steps:
            getattr(people, name)(*words)
            people.what_was_done_was_allowed_by_so_many_people()

    story()


@pytest.fixture
def closing() -> Iterator[Callable[[MetadataStore], MetadataStore]]:
    opened: list[MetadataStore] = []
    yield lambda store: opened.append(store) or store
    for store in opened:
        store.close()


@pytest.mark.parametrize("examples", both(30, 1_500))
def test_one_person_is_one_person(tmp_path: Path, closing: Any, examples: int) -> None:
    told(closing(open_metadata(tmp_path / "tidemill.db")), examples)


@pytest.mark.postgres
@pytest.mark.parametrize("examples", both(10, 400))
def test_one_person_is_one_person_on_a_server(postgres: Any, closing: Any, examples: int) -> None:  # noqa: F811
    told(closing(open_metadata(postgres())), examples)
