"""Who is one person follows from what stands, whatever happened before."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.insight.persons.book import PersonBook, Word
from retail_core.insight.persons.graph import EvidenceGraph, Link
from retail_core.insight.persons.kinds import Handle, Kind, Rules
from retail_core.insight.persons.plan import Membership, Poured, wallet_plan
from retail_core.insight.persons.profile import Agreed, Moved, Said, profile_of

ANNA, BEA, CARA = (Handle("member", name) for name in ("anna", "bea", "cara"))
PHONE = Handle("phone", "13900000001")
DEVICE = Handle("device", "tablet-1")
TIGHT = Rules(
    {
        "member": Kind(limit=2, priority=1),
        "unionid": Kind(limit=1, priority=0),
        "phone": Kind(limit=2, priority=2),
        "device": Kind(limit=9, priority=9, shared=True),
    },
    {"phone": frozenset({"p0"})},
)


def link(
    link_id: str, first: Handle, second: Handle, at_ms: int = 0, *, apart: bool = False
) -> Link:
    return Link(link_id, first, second, "test", at_ms, "identity/1", apart)


class TestGraph:
    def test_two_members_of_one_phone_are_one_person(self) -> None:
        graph = EvidenceGraph()
        changed = graph.add(link("1", ANNA, PHONE), link("2", BEA, PHONE))
        assert changed == {ANNA, BEA, PHONE}
        assert graph.person(ANNA).of("member") == ("anna", "bea")
        assert graph.person(ANNA).links == {"1", "2"}

    def test_and_two_again_when_one_link_is_taken_back(self) -> None:
        graph = EvidenceGraph()
        graph.add(link("1", ANNA, PHONE), link("2", BEA, PHONE))
        assert graph.retract("2") == {ANNA, BEA, PHONE}
        assert graph.person(ANNA).handles == {ANNA, PHONE}
        assert graph.person(BEA).handles == {BEA}
        assert graph.retract("2", "nothing") == frozenset()

    def test_the_same_link_again_is_nothing(self) -> None:
        graph = EvidenceGraph()
        graph.add(link("1", ANNA, PHONE))
        assert graph.add(link("1", ANNA, BEA)) == frozenset()

    def test_a_shared_device_never_joins(self) -> None:
        graph = EvidenceGraph()
        graph.add(link("1", ANNA, DEVICE), link("2", BEA, DEVICE))
        assert graph.person(ANNA).handles == {ANNA}
        assert {one.why for one in graph.refused().values()} == {"shared"}

    def test_nor_does_a_kind_nobody_declared(self) -> None:
        graph = EvidenceGraph()
        graph.add(link("1", ANNA, Handle("mood", "x")), link("2", BEA, Handle("mood", "x")))
        assert graph.person(ANNA).handles == {ANNA}

    @pytest.mark.parametrize("value", ["", " NULL ", "undefined", "未知", "p0"])
    def test_nor_does_a_value_that_names_nobody(self, value: str) -> None:
        graph = EvidenceGraph(TIGHT)
        graph.add(link("1", ANNA, Handle("phone", value)), link("2", BEA, Handle("phone", value)))
        assert graph.person(ANNA).handles == {ANNA}
        assert {one.why for one in graph.refused().values()} == {"blocked"}

    def test_two_values_of_a_unique_kind_are_two_persons(self) -> None:
        graph = EvidenceGraph(TIGHT)
        one, two = Handle("unionid", "u1"), Handle("unionid", "u2")
        assert TIGHT.kind("unionid").unique
        graph.add(link("1", ANNA, one), link("2", BEA, two), link("3", ANNA, PHONE))
        graph.add(link("4", BEA, PHONE, 5))
        assert graph.person(ANNA) != graph.person(BEA)
        assert graph.refused()["4"].why == "unionid"

    def test_the_stronger_evidence_is_heard_first_however_late_it_comes(self) -> None:
        graph = EvidenceGraph(TIGHT)
        phones = [Handle("phone", f"p{nth}") for nth in (1, 2, 3)]
        graph.add(*(link(one.value, ANNA, one, nth) for nth, one in enumerate(phones)))
        assert graph.refused()["p3"].why == "phone"
        graph.retract("p1")
        assert not graph.refused()
        assert graph.person(ANNA).of("phone") == ("p2", "p3")

    def test_the_word_that_two_are_two_stands_against_all_other(self) -> None:
        graph = EvidenceGraph()
        graph.add(link("1", ANNA, PHONE), link("2", BEA, PHONE, 1))
        assert graph.add(link("no", ANNA, BEA, 9, apart=True)) == {ANNA, BEA, PHONE}
        assert graph.refused()["2"].why == "apart"
        graph.retract("no")
        assert graph.person(ANNA) == graph.person(BEA)
        assert graph.persons() == {graph.person(BEA)}

    def test_what_somebody_says_of_herself_never_makes_one_of_two_members(self) -> None:
        graph, user = EvidenceGraph(), Handle("user", "web:u1")
        hers, his = Handle("phone", "p1"), Handle("phone", "p2")
        graph.add(link("1", ANNA, hers), link("2", BEA, his), link("3", user, hers, 1))
        graph.add(link("4", user, his, 2))
        assert graph.person(user).of("member") == ("anna",)
        assert graph.refused()["4"].why == "weak"
        graph.retract("3")
        assert graph.person(user).of("member") == ("bea",)

    def test_a_browser_that_two_sign_in_on_is_whose_it_was_first(self) -> None:
        graph, browser = EvidenceGraph(), Handle("anonymous", "web:v1")
        one, two = Handle("user", "web:u1"), Handle("user", "web:u2")
        other = Handle("anonymous", "web:v2")
        graph.add(link("2", two, browser, 2), link("1", one, browser, 1))
        graph.add(link("3", browser, other, 0))
        assert graph.person(browser).handles == {one, browser, other}
        assert graph.person(two).handles == {two}
        assert graph.refused()["2"].why == "browser"
        graph.retract("1")
        assert graph.person(other).handles == {two, browser, other}


class TestProfile:
    def test_the_best_source_is_believed_and_of_equal_ones_the_newest(self) -> None:
        said = Said("1", ANNA, "name", "安娜", "crm", 1, 10)
        later = replace(said, said_id="2", value="Anna", at_ms=20, handle=BEA)
        web = Said("3", ANNA, "name", "???", "web", 5, 99)
        profile = profile_of(frozenset({ANNA, BEA}), [web, said, later])
        assert profile.properties == {"name": "Anna"}
        assert profile_of(frozenset({ANNA}), [web, said, later]).properties == {"name": "安娜"}

    def test_a_no_under_one_name_is_a_no(self) -> None:
        words = [
            Agreed("1", ANNA, "marketing", given=False, at_ms=1),
            Agreed("2", ANNA, "marketing", given=True, at_ms=5),
            Agreed("3", BEA, "marketing", given=False, at_ms=3),
            Agreed("4", CARA, "sms", given=True, at_ms=3),
        ]
        both = profile_of(frozenset({ANNA, BEA}), agreed=words)
        assert both.consents == {"marketing": False}
        assert profile_of(frozenset({ANNA}), agreed=words).consents == {"marketing": True}

    def test_of_two_words_of_one_moment_the_stricter_counts(self) -> None:
        words = [
            Agreed("1", ANNA, "sms", given=False, at_ms=1),
            Agreed("2", ANNA, "sms", given=True, at_ms=1),
        ]
        for order in (words, words[::-1]):
            assert profile_of(frozenset({ANNA}), agreed=order).consents == {"sms": False}


class TestWallets:
    def members(self, may: str) -> list[Membership]:
        words = {"y": True, "n": False, "?": None}
        return [Membership(f"m{nth}", nth, words[one]) for nth, one in enumerate(may)]

    def test_both_agreed_so_the_younger_is_poured_into_the_older(self) -> None:
        plan = wallet_plan([self.members("yy")], (), ())
        assert (plan.pour, plan.part, plan.ask) == ((("m1", "m0"),), (), ())

    def test_who_was_not_asked_is_asked_and_who_refused_is_left_alone(self) -> None:
        assert wallet_plan([self.members("y?")], (), ()).ask == (("m1", "m0"),)
        refused = wallet_plan([self.members("yn")], (), ())
        assert (refused.pour, refused.ask) == ((), ())

    def test_a_poured_one_stays_where_it_lies(self) -> None:
        plan = wallet_plan([self.members("yy")], [Poured("x", "m1", "m0")], {"x"})
        assert (plan.pour, plan.part) == ((), ())

    def test_two_persons_again_get_their_own_back_unless_hq_joined_them(self) -> None:
        standing = [Poured("x", "m1", "m0"), Poured("hq", "m3", "m2")]
        assert wallet_plan([], standing, {"x"}).part == ("x",)


handles = st.sampled_from(
    [
        *(Handle("member", f"m{n}") for n in range(5)),
        *(Handle("phone", f"p{n}") for n in range(4)),
        *(Handle("unionid", "u1"), Handle("unionid", "u2"), DEVICE),
    ]
)
links = st.builds(
    Link,
    st.integers(0, 30).map(str),
    handles,
    handles,
    st.just("t"),
    st.integers(0, 5),
    st.just("identity/1"),
    st.integers(0, 9).map(lambda n: n == 0),
).filter(lambda one: one.first != one.second)
words = st.one_of(
    st.builds(
        Said, st.uuids().map(str), handles, st.sampled_from("ab"), st.integers(0, 3), st.just("s"),
        st.integers(0, 2), st.integers(0, 5),
    ),
    st.builds(
        Agreed, st.uuids().map(str), handles, st.sampled_from("xy"), st.booleans(),
        st.integers(0, 5),
    ),
    st.builds(Moved, st.uuids().map(str), handles, st.integers(-50, 100)),
)  # fmt: skip
Steps = list[Link | Word | str]
steps = st.lists(st.one_of(links, words, st.integers(0, 30).map(str)), max_size=40)


def live(history: Steps) -> tuple[PersonBook, dict[str, Link]]:
    book = PersonBook(EvidenceGraph(TIGHT))
    standing: dict[str, Link] = {}
    for step in history:
        if isinstance(step, Link):
            book.merge(step)
            standing.setdefault(step.link_id, step)
        elif isinstance(step, str):
            book.unmerge(step)
            standing.pop(step, None)
        else:
            book.hear(step)
    return book, standing


@given(steps)
def test_a_history_ends_as_if_only_what_stands_had_been_said(history: Steps) -> None:
    book, standing = live(history)
    fresh = PersonBook(EvidenceGraph(TIGHT))
    fresh.merge(*reversed(standing.values()))
    for word in reversed(history):
        if not isinstance(word, Link | str):
            fresh.hear(word)
    assert book.profiles() == fresh.profiles()
    assert book.graph.persons() == fresh.graph.persons()
    assert book.graph.refused() == fresh.graph.refused()


@given(steps)
def test_everything_taken_back_it_ends_as_if_nobody_had_ever_been_merged(history: Steps) -> None:
    book, standing = live(history)
    book.unmerge(*standing)
    never, _ = live([one for one in history if not isinstance(one, Link | str)])
    assert book.profiles() == never.profiles()
    assert not book.graph.persons()
    assert not book.graph.refused()


@given(steps)
def test_no_person_breaks_a_limit_and_what_changed_is_said(history: Steps) -> None:
    book = PersonBook(EvidenceGraph(TIGHT))
    for step in history:
        if not isinstance(step, Link):
            continue
        before = {one: book.graph.person(one) for one in TIGHT_HANDLES}
        changed = book.merge(step)
        assert {one for one, was in before.items() if book.graph.person(one) != was} <= changed
    for person in book.graph.persons():
        for kind, rule in TIGHT.kinds.items():
            assert len(person.of(kind)) <= rule.limit


TIGHT_HANDLES = [*(Handle("member", f"m{n}") for n in range(5)), DEVICE]
