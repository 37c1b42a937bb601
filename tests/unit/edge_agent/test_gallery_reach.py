"""What a search leaves unread changes no decision."""

from dataclasses import replace
from math import inf, nextafter
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.ports.gallery_store import Template
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.gallery_fixed import FINE, Fixed
from edge_agent.recognition.gallery_glance import Glance
from edge_agent.recognition.gallery_rows import Rows
from edge_agent.recognition.gallery_scan import Scan
from edge_agent.recognition.gallery_trail import Trail
from retail_core.identity.face_match import Candidate, FacePolicy, Reach, decide
from tests.factories.faces import POLICY

MODEL = "net@000000000000"
WIDTH = 16
BLOCK_ROWS = 8
Vectors = NDArray[np.float32]
Found = tuple[Candidate | None, Candidate | None]


def unit(raw: NDArray[np.float64]) -> Vectors:
    """Vectors of length 1."""
    return np.asarray(raw / np.linalg.norm(raw, axis=-1, keepdims=True), np.float32)


def templates_of(vectors: Vectors, each: int) -> list[Template]:
    """So many templates a member."""
    return [
        Template(UUID(int=row), UUID(int=1 + row // each), MODEL, vector)
        for row, vector in enumerate(vectors)
    ]


def full_search(held: list[Template], probe: Vectors) -> tuple[Found, list[float]]:
    """The best and the best other member by the whole integers, and every template's score."""
    rows, one = Fixed.of(np.stack([t.embedding for t in held])), Fixed.of(probe[None, :])
    products = np.array([int(np.dot(row, one.whole[0])) for row in rows.whole])
    scores = (products * (rows.scale / FINE) * (one.scale[0] / FINE)).tolist()
    best: dict[UUID, float] = {}
    for template, score in zip(held, scores, strict=True):
        best[template.member_id] = max(score, best.get(template.member_id, -inf))
    ranked = [Candidate(m, s) for m, s in sorted(best.items(), key=lambda e: (-e[1], e[0]))]
    first, second, *_ = [*ranked, None, None]
    return (first, second), scores


@st.composite
def scenes(draw: st.DrawFn) -> tuple[list[Template], list[Template], Vectors]:
    """Who is enrolled, who is added after others left, and who comes: often one of them."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    vectors = unit(random.normal(size=(draw(st.integers(1, 60)), WIDTH)))
    # Duplicates, and templates that hardly differ.
    for row in draw(st.lists(st.integers(0, len(vectors) - 1), max_size=8)):
        vectors[row] = vectors[draw(st.integers(0, len(vectors) - 1))]
    nearness = draw(st.sampled_from([0.0, 1e-7, 0.05, 0.2, 0.6, 5.0]))
    target = vectors[draw(st.integers(0, len(vectors) - 1))]
    probe = unit(target + nearness * unit(random.normal(size=WIDTH)))
    # All that is alike may lie in one half of the columns: then the other half says nothing.
    if draw(st.booleans()):
        half = draw(st.sampled_from([slice(WIDTH // 2), slice(WIDTH // 2, None)]))
        vectors[:: draw(st.integers(1, 4)), half] = 0
    held = templates_of(vectors, draw(st.integers(1, 4)))
    split = draw(st.integers(0, len(held)))
    return held[:split], held[split:], probe


def filled(
    first: list[Template], later: list[Template], gone: set[int]
) -> tuple[Gallery, list[Template]]:
    """A gallery whose members came and went, and what it must hold."""
    gallery = Gallery(MODEL, first, block_rows=BLOCK_ROWS)
    for member in gone:
        gallery.remove_member(UUID(int=member))
    gallery.fill(later)
    return gallery, [t for t in first if t.member_id.int not in gone] + later


def beside(values: list[float]) -> st.SearchStrategy[float]:
    """Any number, and often one of these or the next to one of these."""
    edges = [e for v in values for e in (v, nextafter(v, inf), nextafter(v, -inf))]
    free = st.one_of(st.floats(-1.5, 1.5), st.sampled_from([-inf, inf]))
    return st.one_of(free, st.sampled_from(edges)) if edges else free


@given(scene=scenes(), gone=st.sets(st.integers(1, 15), max_size=5), data=st.data())
def test_within_its_reach_a_search_finds_what_a_full_one_does(
    scene: tuple[list[Template], list[Template], Vectors], gone: set[int], data: st.DataObject
) -> None:
    first, later, probe = scene
    gallery, held = filled(first, later, gone)
    if not held:
        assert gallery.search(probe, Reach(-1.0, 1.0)) == (None, None)
        return
    (best, second), scores = full_search(held, probe)
    assert best is not None
    gaps = [best.score - score for score in scores]
    margin = data.draw(beside([max(gap, 0.0) for gap in gaps]))
    reach = Reach(data.draw(beside(scores)), margin, data.draw(beside(scores)))
    assert gallery.search(probe) == (best, second)
    in_reach: Found = (None, None)
    if best.score >= reach.floor:
        rival = second is not None and reach.rivals(best.score, second.score)
        in_reach = (best, second if rival else None)
    assert gallery.search(probe, reach) == in_reach


@st.composite
def policies(draw: st.DrawFn, scores: list[float]) -> FacePolicy:
    """A policy whose edges lie on scores, or anywhere; the gallery's size moves the threshold."""
    edges = [score for score in scores if 0 < score < 0.99] or [0.5]
    low, high = sorted(draw(st.lists(st.sampled_from(edges), min_size=2, max_size=2)))
    band = st.one_of(st.floats(0, 1), st.sampled_from([max(high - edge, 0.0) for edge in edges]))
    changed = replace(POLICY, threshold_min=low, threshold_max=high, same_picture=1.0)
    return replace(changed, margin=draw(band), ask_band=draw(band))


@given(scene=scenes(), gone=st.sets(st.integers(1, 15), max_size=5), data=st.data())
def test_a_judgement_is_the_decision_on_a_full_search(
    scene: tuple[list[Template], list[Template], Vectors], gone: set[int], data: st.DataObject
) -> None:
    first, later, probe = scene
    gallery, held = filled(first, later, gone)
    found, scores = full_search(held, probe) if held else ((None, None), [])
    policy = data.draw(policies(scores))
    assert gallery.judge(probe, policy) == decide(*found, gallery.members, policy)


@given(
    scene=scenes(),
    steps=st.lists(st.sampled_from([0.0, 1e-9, 0.02, 0.2, 0.7, 3.0]), min_size=1, max_size=4),
    change=st.sampled_from([None, "gone", "come"]),
    data=st.data(),
)
def test_the_frames_of_a_visit_are_judged_as_if_each_came_alone(
    scene: tuple[list[Template], list[Template], Vectors],
    steps: list[float],
    change: str | None,
    data: st.DataObject,
) -> None:
    first, later, probe = scene
    gallery, held = filled(first, later, set())
    scores = full_search(held, probe)[1] if held else []
    policy, trail = data.draw(policies(scores)), Trail(share=1.0)
    random = np.random.default_rng(len(held))
    for number, step in enumerate(steps):
        assert gallery.judge(probe, policy, trail) == gallery.judge(probe, policy)
        assert gallery.search(probe, None, trail) == gallery.search(probe)
        if change == "gone":
            gallery.remove_member(UUID(int=1 + number))
        elif change == "come":
            gallery.add(Template(UUID(int=999), UUID(int=50 + number), MODEL, probe))
        probe = unit(probe + step * unit(random.normal(size=WIDTH)))


def test_a_visits_second_frame_looks_at_few_rows_and_exactly_those_that_matter() -> None:
    random = np.random.default_rng(7)
    vectors = unit(random.normal(size=(4_000, 64)))
    rows = Rows(64, 512)
    rows.append(vectors, np.arange(len(vectors)))
    probe = unit(vectors[0] + 0.1 * unit(random.normal(size=64)))
    trail = Trail()
    assert trail.near(rows, Fixed.of(probe[None]), 0.8) is None
    assert Glance(rows, Fixed.of(probe[None]), 0.8, trail).nearest()
    again = Fixed.of(unit(probe + 0.1 * unit(random.normal(size=64)))[None])
    near = trail.near(rows, again, 0.8)
    assert near is not None
    assert 0 in near
    assert len(near) < len(vectors) / 100
    other = Fixed.of(unit(random.normal(size=64))[None])
    assert trail.near(rows, other, 0.8) is None
    assert trail.near(rows, again, -0.2) is None
    rows.remove(5)
    assert trail.near(rows, again, 0.8) is None


def test_few_rows_are_read_to_the_end_and_a_lower_floor_reads_on() -> None:
    random = np.random.default_rng(7)
    vectors = unit(random.normal(size=(4_000, 64)))
    rows = Rows(64, 512)
    rows.append(vectors, np.arange(len(vectors)))
    probe = Fixed.of(vectors[:1])
    places, looks = Scan(rows, probe, 0.8).at(0.8)
    assert len(places) == len(looks) < len(vectors) / 20
    glance = Glance(rows, probe, 0.8)
    assert [owner for _, owner in glance.nearest()] == [0]
    glance.leave_out(0)
    assert glance.nearest() == []
    scores = vectors.astype(np.float64) @ vectors[0].astype(np.float64)
    second = int(np.argsort(-scores)[1])
    for floor in (float(scores[second]) - 1e-3, -1.0):
        glance.reach(floor)
        assert max(glance.nearest())[1] == second


def test_a_floor_too_low_to_leave_anybody_out_reads_every_row() -> None:
    random = np.random.default_rng(8)
    rows = Rows(WIDTH, BLOCK_ROWS)
    rows.append(unit(random.normal(size=(50, WIDTH))), np.arange(50))
    probe = Fixed.of(unit(random.normal(size=(1, WIDTH))))
    for floor in (-2.0, -inf):
        assert Scan(rows, probe, floor).at(floor)[0].tolist() == list(range(50))


def test_the_half_in_which_the_probe_is_longer_is_read_first() -> None:
    random = np.random.default_rng(9)
    vectors = unit(random.normal(size=(4_000, 64)))
    rows = Rows(64, 512)
    rows.append(vectors, np.arange(len(vectors)))
    for near, far in ((slice(32), slice(32, None)), (slice(32, None), slice(32))):
        probe = vectors[0].copy()
        probe[far] *= 0.4
        fixed = Fixed.of(unit(probe)[None])
        places, _ = Scan(rows, fixed, 0.7).at(0.7)
        likely = np.flatnonzero(vectors[:, near] @ unit(probe)[near] > 0.25)
        assert 0 in places
        assert set(places.tolist()) <= set(likely.tolist())
