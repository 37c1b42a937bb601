"""The figures of the face report: laws of the shares, the rates, the labels and the visits."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.evaluate.face_folder import Labelled, read_labels
from edge_agent.evaluate.face_pairs import (
    FMRS,
    PAIRS_FOR_A_RATE,
    compare,
    equal_error,
    histogram,
    rate_at,
)
from edge_agent.evaluate.face_photos import Photo
from edge_agent.evaluate.face_visits import leave_one_out, open_set
from edge_agent.evaluate.intervals import share
from edge_agent.evaluate.svg import Axis, Plot
from edge_agent.ports.face import FaceReading
from retail_core.errors import Fault
from retail_core.identity.face_match import Calibration, FacePolicy
from retail_core.texts.faults import FaultCode

WIDTH = 32
POLICY = FacePolicy(
    Calibration(0.34, 0.47, 0, 0, 0, measured_to=1e-3, source="test"),
    threshold_min=0.40,
    threshold_max=0.60,
    margin=0.08,
    ask_band=0.10,
    same_picture=0.985,
)
scores = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=60)


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


def photo(person: int, number: int, vector: NDArray[np.float32]) -> Photo:
    unit = np.asarray(vector / np.linalg.norm(vector), np.float32)
    reading = FaceReading(unit, None)
    return Photo(f"p{person}", f"{person}-{number}.jpg", reading, reading, (unit, unit, unit))


def crowd(people: int, each: int, *, noise: float) -> list[Photo]:
    """Everybody in a direction of their own, each photo a little beside it."""
    random = np.random.default_rng(people)
    return [
        photo(person, number, np.eye(WIDTH)[person] + random.normal(0, noise, WIDTH))
        for person in range(people)
        for number in range(each)
    ]


@given(hits=st.integers(0, 50), more=st.integers(0, 50), people=st.integers(1, 200))
def test_a_share_lies_in_its_interval_and_repeats_widen_it(
    hits: int, more: int, people: int
) -> None:
    total = hits + more
    if not total:
        assert share(hits, total).interval is None
        return
    found, fewer = share(hits, total), share(hits, total, independent=people)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value + 1e-12
    assert found.value <= found.high + 1e-12
    assert fewer.interval is not None
    assert fewer.interval[1] - fewer.interval[0] >= found.high - found.low - 1e-12


def test_wilson_of_none_in_ten() -> None:
    assert share(0, 10).interval == pytest.approx((0.0, 0.2775), abs=1e-4)


@given(genuine=scores, impostor=scores, fmr=st.sampled_from(FMRS))
def test_no_more_strangers_pass_than_the_rate_allows(
    genuine: list[float], impostor: list[float], fmr: float
) -> None:
    ours, theirs = (np.sort(np.array(one, np.float32)) for one in (genuine, impostor))
    rate = rate_at(fmr, ours, theirs, people=1)
    assert rate.threshold is not None
    assert np.mean(theirs > rate.threshold) <= fmr
    assert rate.tar.value == pytest.approx(np.mean(ours > rate.threshold))
    assert rate.supported == (len(impostor) >= PAIRS_FOR_A_RATE / fmr)


def test_nobody_to_compare_with_is_no_rate() -> None:
    rate = rate_at(1e-2, np.zeros(3, np.float32), np.zeros(0, np.float32), people=1)
    assert (rate.threshold, rate.tar.value, rate.supported) == (None, None, False)
    assert equal_error(np.zeros(0, np.float32), np.zeros(3, np.float32)) == (None, None)
    assert compare([]).eer is None


@given(genuine=scores, impostor=scores)
def test_the_equal_error_is_between_none_and_half_of_all_mistaken(
    genuine: list[float], impostor: list[float]
) -> None:
    ours, theirs = (np.sort(np.array(one, np.float32)) for one in (genuine, impostor))
    eer, _ = equal_error(ours, theirs)
    assert eer is not None
    assert 0 <= eer <= 1
    if ours[0] > theirs[-1]:
        assert eer == 0


@given(values=scores)
def test_every_pair_is_in_the_histogram(values: list[float]) -> None:
    assert sum(histogram(np.array(values, np.float32))) == len(values)


def test_people_far_apart_are_all_recognised_and_no_stranger_is() -> None:
    photos = crowd(12, 3, noise=0.03)
    pairs = compare(photos)
    assert (len(pairs.genuine), pairs.people, pairs.eer) == (36, 12, 0.0)
    assert pairs.worst_genuine[0].score <= pairs.worst_genuine[-1].score
    assert pairs.worst_impostor[0].score >= pairs.worst_impostor[-1].score
    visits = leave_one_out(photos, "net", POLICY, quiet)
    assert visits.members == 12
    assert [visit.outcome for visit in visits.as_member] == ["right"] * 36
    assert {visit.outcome for visit in visits.as_stranger} == {"unknown"}
    drawn = open_set(photos, "net", POLICY, quiet)
    assert [one.members for one in drawn] == [5, 9]
    assert [(one.fpir.value, one.fnir.value, one.wrong) for one in drawn] == [(0, 0, 0)] * 2


def test_a_twin_is_taken_for_the_other_and_both_counts_say_so() -> None:
    photos = crowd(6, 2, noise=0.01)
    twin = [photo(9, number, np.eye(WIDTH)[0] + number / 500) for number in (1, 2)]
    visits = leave_one_out([*photos, *twin], "net", POLICY, quiet)
    fooled = [visit for visit in visits.as_stranger if visit.outcome == "wrong"]
    assert {(visit.person, visit.taken_for) for visit in fooled} == {("p0", "p9"), ("p9", "p0")}


def test_who_has_one_photo_is_a_stranger_only() -> None:
    visits = leave_one_out(crowd(4, 1, noise=0.01), "net", POLICY, quiet)
    assert visits.as_member == ()
    assert len(visits.as_stranger) == 4
    assert open_set(crowd(4, 1, noise=0.01), "net", POLICY, quiet) == ()


def test_labels_are_read_with_what_is_wrong_with_them_counted(tmp_path: Path) -> None:
    lines = [
        "﻿identity,file,more",
        "a,1.jpg,x",
        ",2.jpg,",
        "b",
        "a,1.jpg,",
        " c , 3.jpg ,",
        "d,1.jpg,",
    ]
    (tmp_path / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    labels = read_labels(tmp_path)
    # A file of two people keeps both names: neither is believed once it is read.
    assert labels.rows == (Labelled("1.jpg", "a"), Labelled("3.jpg", "c"), Labelled("1.jpg", "d"))
    assert (labels.incomplete, labels.repeated) == (2, 1)


@pytest.mark.parametrize(
    "content", [None, b"", b"file,person\n1.jpg,a\n", b"file,identity\n", b"file,identity\n\xff,a"]
)
def test_labels_that_cannot_be_used_are_a_fault(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(Fault) as caught:
        read_labels(tmp_path)
    assert caught.value.code is FaultCode.SETUP_CONFIG_INVALID


def test_a_plot_stays_in_its_frame_and_escapes_what_it_says() -> None:
    axis = Axis(0.0, 1.0, [(0.5, "<half>")], "x & y")
    log = Axis(1e-4, 1.0, [(1e-2, "1%")], "share", "log")
    plot = Plot("a <title>", axis, log)
    for draw in (plot.area, plot.line):
        draw([(-5.0, 0.0), (0.5, 0.5), (9.0, 2.0)], "genuine")
        draw([], "genuine")
    plot.dot(0.5, 0.5, "impostor", spread=None, told="<b>")
    plot.upright(0.99, "a long label at the edge", "threshold")
    svg = plot.svg()
    assert "<half>" not in svg
    assert "&lt;b&gt;" in svg
    assert 'text-anchor="end">a long label' in svg
    assert log.at(0.0) == 0
    assert log.at(1e-2) == pytest.approx(0.5)
