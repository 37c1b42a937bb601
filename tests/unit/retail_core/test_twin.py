"""Twins: the nearest layer wins, nothing unknown travels, and a trial always ends where it may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.fleet import twin_trial
from retail_core.fleet.presence import ENDS, LEFT, LOST, SessionWord, counts
from retail_core.fleet.twin import (
    SCOPES,
    Desired,
    Difference,
    Move,
    Outcome,
    Scope,
    Told,
    changed,
    differences,
    moves,
    resolved,
    takes,
)
from retail_core.fleet.twin_settings import (
    BROKER,
    CA,
    OF_A_PLACE,
    PEM_CHARS_MAX,
    SETTINGS,
    URL_CHARS_MAX,
    WEBSOCKET,
    WORDS_CHARS_MAX,
    Value,
    check,
    key_of,
    placed,
    read_value,
    setting,
)
from retail_core.fleet.twin_trial import LineTrial
from retail_core.texts.faults import FaultCode

keys = st.sampled_from(["language", "clerks.idle_minutes", "network.metered", BROKER])
layer = st.dictionaries(keys, st.integers(1, 3))
layers = st.dictionaries(st.sampled_from(SCOPES), layer)
_PEM = "-----BEGIN CERTIFICATE-----"
LINE = {BROKER: "mqtt://new:1883"}
OTHER = {BROKER: "mqtt://other:1883"}


class TestLayers:
    @given(layers)
    def test_the_nearest_layer_that_says_a_key_wins(
        self, said: dict[Scope, dict[str, Value]]
    ) -> None:
        found = resolved(said)
        assert set(found) == {key for values in said.values() for key in values}
        for key, one in found.items():
            saying = [scope for scope in SCOPES if key in said.get(scope, {})]
            assert one.scope == saying[-1]
            assert one.value == said[one.scope][key]
            assert one.over == tuple(saying[-2::-1])

    @given(layers, keys)
    def test_a_key_that_is_dropped_falls_back_to_the_layer_above(
        self, said: dict[Scope, dict[str, Value]], key: str
    ) -> None:
        before = resolved(said).get(key)
        if before is None:
            return
        said[before.scope] = changed(said[before.scope], {}, frozenset({key}))
        after = resolved(said).get(key)
        assert (None if after is None else after.scope) == (before.over[0] if before.over else None)

    @given(layer, st.integers(1, 480))
    def test_a_change_is_the_same_done_twice(self, said: dict[str, Value], minutes: int) -> None:
        put: dict[str, Value] = {"clerks.idle_minutes": minutes}
        once = changed(said, put)
        assert changed(once, put) == once
        assert changed(once, {}, frozenset(put)) == changed(said, {}, frozenset(put))

    @given(st.dictionaries(keys, st.integers(1, 3)))
    def test_a_box_that_applied_everything_differs_in_nothing(self, said: dict[str, Value]) -> None:
        wanted = resolved({"chain": said})
        told = {key: Told(Outcome.APPLIED, one.value) for key, one in wanted.items()}
        assert differences(wanted, told) == ()
        assert {one.key for one in differences(wanted, {})} == set(said)

    def test_a_refusal_and_a_leftover_are_differences(self) -> None:
        wanted = {"language": Desired("en", "store")}
        told = {
            "language": Told(Outcome.REFUSED, "zh", "F132"),
            "network.metered": Told(Outcome.APPLIED, value=True),
        }
        assert differences(wanted, told) == (
            Difference("language", wanted["language"], told["language"]),
            Difference("network.metered", None, told["network.metered"]),
        )

    def test_a_change_moves_the_keys_whose_wanted_value_is_another(self) -> None:
        before = resolved(
            {"chain": {"language": "zh", "network.metered": True, "clerks.idle_minutes": 1}}
        )
        after = resolved(
            {
                "chain": {"network.metered": True, "clerks.idle_minutes": 1},
                "store": {"language": "en", "network.metered": True},
                "device": {BROKER: "mqtt://new:1883"},
            }
        )
        assert moves(before, after) == (
            Move("language", Desired("zh", "chain"), Desired("en", "store")),
            Move(BROKER, None, after[BROKER]),
        ), "who says it alone is no move"
        assert moves(after, before) == tuple(
            Move(one.key, one.after, one.before) for one in moves(before, after)
        )

    def test_yes_is_not_one(self) -> None:
        one, yes = {"key": Desired(1, "chain")}, {"key": Desired(value=True, scope="chain")}
        assert [move.key for move in moves(one, yes)] == ["key"]
        told = {"key": Told(Outcome.APPLIED, 1)}
        assert [gap.key for gap in differences(yes, told)] == ["key"]

    @given(layers, layers)
    def test_a_box_that_follows_the_moves_is_as_wanted(
        self, old: dict[Scope, dict[str, Value]], new: dict[Scope, dict[str, Value]]
    ) -> None:
        before, after = resolved(old), resolved(new)
        held = {key: one.value for key, one in before.items()}
        for move in moves(before, after):
            assert move.before == before.get(move.key)
            held.pop(move.key, None)
            if move.after is not None:
                held[move.key] = move.after.value
        assert held == {key: one.value for key, one in after.items()}
        assert moves(before, before) == ()

    def test_what_is_unset_is_no_difference_to_what_nobody_wants(self) -> None:
        assert differences({}, {"language": Told(Outcome.APPLIED, None)}) == ()
        wanted = {"language": Desired("en", "store")}
        for outcome in (Outcome.AT_START, Outcome.TRYING, Outcome.REFUSED, Outcome.REVERTED):
            told = {"language": Told(outcome, "en")}
            assert [one.key for one in differences(wanted, told)] == ["language"], outcome

    def test_an_older_version_is_not_taken_and_the_same_is(self) -> None:
        assert [takes(5, handed) for handed in (4, 5, 6)] == [False, True, True]


class TestSettings:
    @pytest.mark.parametrize(
        ("key", "text"),
        [
            ("clerks.idle_minutes", "0"),
            ("clerks.idle_minutes", "481"),
            ("clerks.idle_minutes", "-1"),
            ("network.metered", "yes"),
            ("language", "fr"),
            (BROKER, "mqtt://"),
            (BROKER, "http://cloud:1883"),
            (BROKER, "mqtt://user:word@cloud:1883"),
            (BROKER, "mqtt://cloud:99999"),
            (BROKER, "mqtt://cloud:1883/path"),
            (BROKER, "mqtt://cl oud"),
            (WEBSOCKET, "wss://cloud/mqtt?x=1"),
            (CA, "-----BEGIN PRIVATE KEY-----"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, key: str, text: str) -> None:
        with pytest.raises(Fault) as caught:
            read_value(key, text)
        assert caught.value.code is FaultCode.TWIN_VALUE_WRONG

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("presence.beat_s", "9"),
            ("presence.beat_s", True),
            ("presence.beat_s", 9.0),
            ("presence.beat_s", None),
            ("presence.beat_s", 4),
            ("presence.beat_s", 61),
            ("network.metered", 1),
            ("language", 1),
            ("language", ""),
            (BROKER, "mqtt://cloud:0"),
            (BROKER, "mqtt://cloud:65536"),
            (BROKER, "mqtt://cloud#x"),
            (BROKER, "ws://cloud"),
            (WEBSOCKET, "mqtt://cloud"),
            (WEBSOCKET, "wss://u@cloud/mqtt"),
            (WEBSOCKET, "wss:///mqtt"),
            (BROKER, "mqtt://云"),
            (BROKER, "mqtt://" + "c" * (URL_CHARS_MAX - 6)),
            (CA, _PEM + "x" * (PEM_CHARS_MAX + 1 - len(_PEM))),
            ("texts.slip", "会" * (WORDS_CHARS_MAX + 1)),
            ("texts.slip", ""),
            ("texts.welcome", "一\n二"),
            ("texts.welcome", 7),
            ("agreement.inject", 1_001),
            ("agreement.streak", 0),
        ],
    )
    def test_what_fits_no_key_is_refused_by_name(self, key: str, value: object) -> None:
        with pytest.raises(Fault) as caught:
            check(key, value)
        assert caught.value.code is FaultCode.TWIN_VALUE_WRONG
        assert caught.value.fields == {"key": key}

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("presence.beat_s", 5),
            ("presence.beat_s", 60),
            ("network.metered", False),
            ("language", "zh"),
            ("face.active_liveness_above_fen", 0),
            (BROKER, "mqtt://cloud"),
            (BROKER, "mqtts://cloud:1/"),
            (BROKER, "mqtt://cloud:65535"),
            (BROKER, "mqtt://" + "c" * (URL_CHARS_MAX - 7)),
            (WEBSOCKET, "ws://cloud/mqtt"),
            (CA, " " + _PEM + "x" * (PEM_CHARS_MAX - 1 - len(_PEM))),
            ("texts.slip", "会" * WORDS_CHARS_MAX),
            ("camera.source", "v4l2:/dev/video0"),
            ("agreement.inject", 1_000),
        ],
    )
    def test_what_just_fits_is_taken(self, key: str, value: object) -> None:
        check(key, value)

    def test_a_number_is_read_only_as_digits(self) -> None:
        for typed in ("１５", "1.5", " 15", "+15", "9" * 30):
            with pytest.raises(Fault):
                read_value("clerks.idle_minutes", typed)

    def test_what_is_typed_is_read_as_its_key_has_it(self) -> None:
        assert read_value("network.metered", "true") is True
        assert read_value("clerks.idle_minutes", "30") == 30
        assert read_value(BROKER, "mqtts://cloud.example:8883") == "mqtts://cloud.example:8883"
        assert read_value(WEBSOCKET, "wss://cloud.example/mqtt") == "wss://cloud.example/mqtt"

    @pytest.mark.parametrize("key", ["keys.storage_key", "data_dir", "cloud.token", ""])
    def test_secrets_and_paths_do_not_travel(self, key: str) -> None:
        with pytest.raises(Fault) as caught:
            changed({}, {key: "x"})
        assert caught.value.code is FaultCode.TWIN_KEY_UNKNOWN
        assert caught.value.fields == {"key": key}
        with pytest.raises(Fault) as dropped:
            changed({}, {}, frozenset({key}))
        assert dropped.value.code is FaultCode.TWIN_KEY_UNKNOWN
        assert dropped.value.fields == {"key": key}

    def test_whatever_could_cut_the_box_off_is_tried(self) -> None:
        assert {key for key, one in SETTINGS.items() if one.cuts_off} == {BROKER, WEBSOCKET, CA}

    @pytest.mark.parametrize("name", ["老收银机", "b", "01890000-0000-7000-8000-000000000006"])
    def test_what_a_till_or_a_counter_has_travels_by_its_name(self, name: str) -> None:
        for family, one in OF_A_PLACE.items():
            key = key_of(family, f" {name} ")
            assert setting(key) is one
            assert (placed(key).name, placed(key).family) == (name, family)
            assert changed({}, {}, frozenset({key})) == {}

    @pytest.mark.parametrize(
        "key",
        [
            "tills.*.port", "tills..port", "tills.a=b.port", "tills.a", "tills.a.token",
            "lanes.a.zone", "tills.a.append", "tills.a.display.on", "tills. a.port",
            f"tills.{'a' * 41}.port", "lanes.a.camera",
            "tills.a\n.port", "a.b.port",
        ],
    )  # fmt: skip
    def test_other_names_and_secrets_of_tills_do_not(self, key: str) -> None:
        with pytest.raises(Fault) as caught:
            check(key, "x")
        assert caught.value.code is FaultCode.TWIN_KEY_UNKNOWN

    @pytest.mark.parametrize("key", ["camera.zone", "lanes.a.camera.zone"])
    def test_a_counters_part_of_the_picture_is_four_numbers(self, key: str) -> None:
        for text in ("0,0,1,1", "0.25, 0,0.5 ,1.0", "0,0.125,1,0.5"):
            assert read_value(key, text) == text
        wrong = ("", "0,0,1", "0,0,1,1,1", "0.5,0,0.5,1", "0,1,1,0", "0,0,1.1,1", "-0,0,1,1")
        for text in (*wrong, "0,0,1e0,1", "0,0,nan,1", "0;0;1;1", "0,0,\u0661,1", "0.1234,0,1,1"):
            with pytest.raises(Fault) as caught:
                read_value(key, text)
            assert caught.value.code is FaultCode.TWIN_VALUE_WRONG, text


STEPS = {
    "want": lambda trial: twin_trial.want(trial, LINE),
    "want_other": lambda trial: twin_trial.want(trial, OTHER),
    "want_none": lambda trial: twin_trial.want(trial, {}),
    "proven": twin_trial.proven,
    "unproven": twin_trial.unproven,
    "confirmed": twin_trial.confirmed,
    "unheard": twin_trial.unheard,
    "restarted": twin_trial.restarted,
}


class TestTrial:
    @given(st.lists(st.sampled_from(sorted(STEPS))))
    def test_only_what_the_cloud_confirmed_is_ever_relied_on(self, steps: list[str]) -> None:
        trial = LineTrial()
        confirmed: list[dict[str, Value]] = [{}]
        for name in steps:
            before, trial = trial, STEPS[name](trial)
            if name == "confirmed" and before.stage == "switched":
                confirmed.append(dict(before.wanted))
            if trial.stage != "switched":
                assert dict(trial.dialled) == dict(trial.in_force)
            assert dict(trial.in_force) in confirmed
        assert twin_trial.restarted(trial).stage != "switched"

    def test_what_was_refused_is_not_tried_again_until_hq_changes_it(self) -> None:
        refused = twin_trial.unproven(twin_trial.want(LineTrial(), LINE))
        assert (refused.outcome, refused.code) == (Outcome.REFUSED, "F133")
        assert twin_trial.want(refused, LINE) == refused
        assert twin_trial.want(refused, OTHER).stage == "trying"
        assert twin_trial.want(refused, {}) == LineTrial("steady", {}, {})
        other = twin_trial.want(refused, OTHER)
        assert other == LineTrial("trying", {}, OTHER, Outcome.TRYING)
        done = twin_trial.confirmed(twin_trial.proven(other))
        assert done == LineTrial("steady", OTHER, OTHER, Outcome.APPLIED)
        leaving = twin_trial.want(twin_trial.want(done, LINE), OTHER)
        assert leaving == done, "what is in force needs no trial"

    def test_a_start_amid_the_trial_goes_back(self) -> None:
        switched = twin_trial.proven(twin_trial.want(LineTrial(), LINE))
        assert switched.dialled == LINE
        back = twin_trial.restarted(switched)
        assert (back.dialled, back.outcome, back.code) == ({}, Outcome.REVERTED, "F134")


words = st.builds(
    SessionWord,
    st.sampled_from(["ok", "degraded", LOST, LEFT]),
    st.sampled_from([b"boot-a", b"boot-b"]),
    st.sampled_from([b"one", b"two", b"three"]),
)


class TestSessions:
    @given(st.lists(words), words)
    def test_an_end_ends_its_own_session_and_no_other(
        self, said: list[SessionWord], last: SessionWord
    ) -> None:
        held: SessionWord | None = None
        for one in [*said, last]:
            if counts(held, one):
                held = one
            elif held is not None:
                assert one.state in ENDS
                assert (held.boot, held.session) != (one.boot, one.session)
        if last.state not in ENDS:
            assert held == last

    def test_a_box_of_before_is_known_by_its_run(self) -> None:
        held = SessionWord("ok", b"run")
        assert counts(held, SessionWord(LOST, b"run"))
        assert counts(held, SessionWord(LOST, b"run", b"one"))
        assert not counts(held, SessionWord(LOST, b"other"))
        assert not counts(None, SessionWord(LOST, b"run"))
