"""Log-ins at identity providers, and the sessions that these vouch for: a part of `MetadataSuite`."""

from __future__ import annotations

from tidemill.testing import records as sample
from tidemill.testing.asking import together
from tidemill.testing.metadata_runs import Opened


class LogInsSuite:
    """Begun by one scorer and ended by another; asked about by one at a time."""

    def test_so_many_log_ins_are_open_and_no_more(self, opened: Opened) -> None:
        store, other = opened(), opened()
        begun = [sample.login(f"state_{n}", origin=f"origin_{n % 2}", started=n, expires=n + 10) for n in range(6)]
        assert [store.logins.begin(one, 2, 9) for one in begun] == [True, True, True, True, False, False]
        assert not store.logins.begin(sample.login("state_7", origin="origin_7", started=7), 2, 4)
        assert other.logins.delete("state_1") and not store.logins.delete("state_1")
        assert other.logins.begin(sample.login("state_8", origin="origin_1", started=8, expires=20), 2, 9)
        assert store.logins.begin(sample.login("state_9", origin="origin_0", started=13, expires=30), 1, 9)
        assert [one.id for one in other.logins.list()] == ["state_8", "state_9"]

    def test_one_scorer_asks_about_a_session(self, opened: Opened) -> None:
        store, other = opened(), opened()
        store.vouched.put(sample.vouched(checked=5, asked=5))
        assert store.vouched.claim("token_1", 5, 40) is None and store.vouched.claim("token_2", 9, 40) is None
        said = together([lambda s=s: s.vouched.claim("token_1", 9, 40) for s in (store, other, store, other)])  # type: ignore[misc]
        assert [one.asked for one in said if one is not None] == [40]

    def test_a_session_that_has_ended_is_not_vouched_for(self, opened: Opened) -> None:
        store = opened()
        store.tokens.add(sample.token())
        for name in ("token_1", "token_2"):
            store.vouched.put(sample.vouched(name))
        assert (store.vouched.sweep(), [one.session for one in store.vouched.list()]) == (1, ["token_1"])
