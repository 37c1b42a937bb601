"""What every `HookRepo` owes, and the `PostBook` it is: taken once, tried again, given up."""

from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from cloud_broker.domain.hooks import PAUSES_AFTER_MS, SENT_KEPT_MS, HookKind
from cloud_broker.domain.tries import RETRIES_MS
from cloud_broker.ports.hooks import Hook
from cloud_broker.ports.posts import Post
from cloud_broker.ports.unit import Units
from cloud_broker.services.fleet.hook_watch import hook_troubles
from cloud_broker.services.outward.delivery import OLD_SECRET_MS
from cloud_broker.services.outward.hook_desk import HOOKS_MAX, HookDesk
from cloud_broker.services.outward.hook_posting import PIECE
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_hooks import FakePartner, hook_desk
from tests.plugins.cloud import new_tenant

KINDS = (HookKind.SALE_BOOKED, HookKind.SALE_REFUNDED)
TARGET = "https://example.org/hook?a=1"
DAY_MS = 86_400_000


@dataclass
class Chain:
    """A chain whose partner hears of sales."""

    units: Units
    clock: FakeCloudClock = field(default_factory=FakeCloudClock)
    partner: FakePartner = field(default_factory=FakePartner)

    def __post_init__(self) -> None:
        self.tenant = new_tenant(self.units)
        self.desk: HookDesk = hook_desk(self.units, self.clock, self.partner)
        self.made, self.secret = self.desk.add(self.tenant, "ERP", TARGET, KINDS, "ada")

    def told(self) -> Post:
        """Put a message on its way as a trigger does: due at once."""
        post = Post(fresh_id(), self.made.hook, None, "sale.booked", "{}", self.clock.now_ms())
        with self.units.begin(self.tenant) as unit:
            unit.hooks.post([post])
        return post

    def runs(self) -> int:
        return self.desk.posting.run(self.tenant)

    def hook(self) -> Hook:
        return self.desk.hook(self.tenant, self.made.hook)[0]

    @property
    def log(self) -> list[tuple[UUID, int, bool, bool, str]]:
        return [
            (row.post.post, row.post.tries, row.sent_ms is not None, row.given_up_ms is not None,
             row.reason)
            for row in self.desk.hook(self.tenant, self.made.hook)[1]
        ]  # fmt: skip


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return Chain(any_units)


def refusal(code: FaultCode) -> "pytest.RaisesExc[Fault]":
    return pytest.raises(Fault, check=lambda fault: fault.code is code)


def test_what_is_told_is_sent_once(chain: Chain) -> None:
    post = chain.told()
    assert chain.runs() == 1
    assert chain.runs() == 0
    assert chain.partner.came == [(TARGET, post, 1)]
    assert chain.log == [(post.post, 1, True, False, "")]
    assert chain.desk.hooks(chain.tenant)[0][1].waiting == 0


def test_what_is_not_taken_is_tried_again_and_given_up_in_the_end(chain: Chain) -> None:
    post = chain.told()
    chain.partner.refuses = FaultCode.ALERT_NOT_SENT
    for wait in (0, *RETRIES_MS):
        chain.clock.advance(wait + wait // 5)
        assert chain.runs() == 1
        assert chain.runs() == 0
    assert chain.log == [(post.post, len(RETRIES_MS) + 1, False, True, "HTTP 503")]
    (_, count), *_ = chain.desk.hooks(chain.tenant)
    assert (count.waiting, count.given_up, count.reason) == (0, 1, "HTTP 503")
    chain.clock.advance(DAY_MS)
    assert chain.runs() == 0


def test_what_was_given_up_is_sent_again_under_the_same_id(chain: Chain) -> None:
    taken, lost = chain.told(), chain.told()
    chain.partner.refuses = FaultCode.ALERT_REFUSED
    while chain.runs():
        chain.clock.advance(1_000)
    chain.partner.refuses = None
    assert chain.desk.replay(chain.tenant, chain.made.hook, None, "ada") == 2
    chain.runs()
    assert chain.desk.replay(chain.tenant, chain.made.hook, None, "ada") == 0
    assert chain.desk.replay(chain.tenant, chain.made.hook, taken.post, "ada") == 1
    chain.runs()
    came = [post.post for _, post, _ in chain.partner.came]
    assert sorted(came) == sorted([taken.post, lost.post, taken.post])
    with refusal(FaultCode.API_NOT_FOUND):
        chain.desk.replay(chain.tenant, chain.made.hook, fresh_id(), "ada")


def test_one_that_never_answers_is_paused_and_told_of(chain: Chain) -> None:
    chain.partner.refuses = FaultCode.ALERT_NOT_SENT
    first = chain.told()
    chain.runs()
    began = chain.clock.now_ms()
    assert chain.hook().failing_ms == began
    chain.clock.advance(PAUSES_AFTER_MS - 1)
    chain.told()
    chain.runs()
    assert chain.hook().paused_ms is None
    chain.clock.advance(1)
    chain.told()
    chain.runs()
    assert chain.hook().paused_ms == chain.clock.now_ms()
    with chain.units.begin(chain.tenant) as unit:
        (trouble,) = hook_troubles(unit)
    assert (trouble.code, trouble.fields["name"]) == ("F271", "ERP")
    chain.partner.refuses = None
    chain.clock.advance(DAY_MS)
    assert chain.runs() == 0
    chain.desk.resume(chain.tenant, chain.made.hook, "ada")
    while chain.runs():
        pass
    assert {post.post for _, post, _ in chain.partner.came} >= {first.post}
    assert (chain.hook().paused_ms, chain.hook().failing_ms) == (None, None)
    with chain.units.begin(chain.tenant) as unit:
        assert hook_troubles(unit) == ()
    with refusal(FaultCode.API_NOT_FOUND):
        chain.desk.resume(chain.tenant, chain.made.hook, "ada")


def test_one_taken_message_ends_the_failing(chain: Chain) -> None:
    chain.partner.refuses = FaultCode.ALERT_NOT_SENT
    chain.told()
    chain.runs()
    chain.partner.refuses = None
    chain.clock.advance(PAUSES_AFTER_MS)
    chain.runs()
    assert chain.hook().failing_ms is None
    assert chain.hook().paused_ms is None


def test_a_long_list_of_one_leaves_the_others_their_turn(chain: Chain) -> None:
    for _ in range(PIECE + 1):
        chain.told()
    other, _ = chain.desk.add(chain.tenant, "BI", TARGET + "&b=2", KINDS, "ada")
    last = Post(fresh_id(), other.hook, None, "sale.booked", "{}", chain.clock.now_ms())
    with chain.units.begin(chain.tenant) as unit:
        unit.hooks.post([last])
    assert chain.runs() == PIECE + 1
    assert last in [post for _, post, _ in chain.partner.came]
    assert chain.runs() == 1


def test_for_a_day_two_secrets_sign(chain: Chain) -> None:
    again = chain.desk.rotate(chain.tenant, chain.made.hook, "ada")
    assert again.startswith("whsec_")
    assert again != chain.secret
    for wait, keys in ((0, 2), (OLD_SECRET_MS - 1, 2), (1, 1)):
        chain.clock.advance(wait)
        chain.told()
        chain.runs()
        assert chain.partner.came[-1][2] == keys


def test_one_that_was_ended_hears_nothing_and_is_not_there(chain: Chain) -> None:
    chain.told()
    chain.desk.end(chain.tenant, chain.made.hook, "ada")
    assert chain.runs() == 0
    assert chain.desk.hooks(chain.tenant) == ()
    for act in (chain.desk.end, chain.desk.rotate, chain.desk.resume):
        with refusal(FaultCode.API_NOT_FOUND):
            act(chain.tenant, chain.made.hook, "ada")
    with refusal(FaultCode.API_NOT_FOUND):
        chain.desk.trial(chain.tenant, chain.made.hook)


def test_a_trial_shows_that_it_arrives(chain: Chain) -> None:
    chain.desk.trial(chain.tenant, chain.made.hook)
    chain.runs()
    assert [post.what for _, post, _ in chain.partner.came] == ["webhook.test"]


def test_old_messages_go(chain: Chain) -> None:
    chain.told()
    chain.runs()
    chain.clock.advance(SENT_KEPT_MS + 1)
    chain.runs()
    assert chain.log == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"target": "http://example.org/"}, "target"),
        ({"target": "https://u:p@example.org/"}, "target"),
        ({"target": "ftp://example.org/"}, "target"),
        ({"target": "https://" + "x" * 500}, "target"),
        ({"target": "https://[::1"}, "target"),
        ({"kinds": ()}, "kinds"),
    ],
)
def test_what_cannot_be(chain: Chain, change: dict[str, object], field: str) -> None:
    asked = {"name": "ERP", "target": TARGET, "kinds": KINDS} | change
    with refusal(FaultCode.HOOK_WRONG) as caught:
        chain.desk.add(chain.tenant, who="ada", **asked)  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.fields["field"] == field
    assert len(chain.desk.hooks(chain.tenant)) == 1


def test_there_are_not_endless_many(chain: Chain) -> None:
    with chain.units.begin(chain.tenant) as unit:
        for _ in range(HOOKS_MAX - 1):
            unit.hooks.add(replace(chain.made, hook=fresh_id()))
    with refusal(FaultCode.HOOK_WRONG):
        chain.desk.add(chain.tenant, "ERP", TARGET, KINDS, "ada")
