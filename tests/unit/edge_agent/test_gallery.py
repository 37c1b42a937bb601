"""The gallery answers as a plain search over all templates would."""

import ast
from collections.abc import Iterator
from pathlib import Path
from threading import get_ident
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edge_agent import recognition
from edge_agent.ports.gallery_store import MemberRows, Template
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.gallery_fixed import FINE, Fixed, values
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

MODEL = "net@000000000000"
DIMENSION = 6
# Small blocks, so that a handful of templates spans several.
BLOCK_ROWS = 4
Vector = NDArray[np.float32]


def vector(seed: int) -> Vector:
    """Some direction."""
    raw = np.random.default_rng(seed).normal(size=DIMENSION)
    return np.asarray(raw / np.linalg.norm(raw), np.float32)


def template(member: int, seed: int, model: str = MODEL) -> Template:
    """A template of a member."""
    return Template(UUID(int=seed), UUID(int=member), model, vector(seed))


def plain_search(held: list[tuple[int, int]], probe: Vector) -> list[tuple[int, float]]:
    """Best score of each member, best member first; of equals the lowest id."""
    best: dict[int, float] = {}
    for member, seed in held:
        best[member] = max(best.get(member, -2.0), float(vector(seed) @ probe))
    return sorted(best.items(), key=lambda entry: (-entry[1], entry[0]))


templates = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 500)), unique=True, max_size=40)


@given(held=templates, gone=st.sets(st.integers(1, 6)), probe=st.integers(501, 900))
def test_best_and_runner_up_are_those_of_a_plain_search(
    held: list[tuple[int, int]], gone: set[int], probe: int
) -> None:
    gallery = Gallery(MODEL, (template(*one) for one in held), block_rows=BLOCK_ROWS)
    for member in gone:
        gallery.remove_member(UUID(int=member))
    left = [one for one in held if one[0] not in gone]
    expected = plain_search(left, vector(probe))
    found = [c for c in gallery.search(vector(probe)) if c is not None]
    assert len(gallery) == len(left)
    assert gallery.members == len(expected)
    assert [c.member_id.int for c in found] == [member for member, _ in expected[:2]]
    assert [c.score for c in found] == pytest.approx([s for _, s in expected[:2]], abs=1e-5)


def test_an_empty_gallery_knows_nobody() -> None:
    assert Gallery(MODEL).search(vector(1)) == (None, None)


def test_one_member_has_no_runner_up() -> None:
    gallery = Gallery(MODEL, [template(1, 1), template(1, 2)])
    best, second = gallery.search(vector(1))
    assert best is not None
    assert best.score == pytest.approx(1)
    assert second is None


def test_templates_of_another_model_are_never_compared() -> None:
    gallery = Gallery(MODEL, [template(1, 1)])
    with pytest.raises(Fault) as caught:
        gallery.add(template(2, 2, model="net@111111111111"))
    assert caught.value.code is FaultCode.FACE_TEMPLATE_MODEL
    assert gallery.search(np.ones(DIMENSION + 1, np.float32)) == (None, None)
    with pytest.raises(Fault, match="R111"):
        gallery.add(Template(UUID(int=9), UUID(int=9), MODEL, np.ones(3, np.float32)))


def test_who_is_removed_leaves_no_value_behind() -> None:
    held = (template(1 + seed % 2, seed) for seed in range(10))
    gallery = Gallery(MODEL, held, block_rows=BLOCK_ROWS)
    rows = gallery._rows
    assert rows is not None
    blocks = tuple(rows._blocks)
    assert gallery.remove_member(UUID(int=1)) == 5
    assert gallery.remove_member(UUID(int=1)) == 0
    assert not gallery.holds(UUID(int=1))
    assert gallery.holds(UUID(int=2))
    halves = [np.concatenate(block.halves, axis=1) for block in blocks]
    remains = np.concatenate(halves).astype(np.float64)
    assert np.count_nonzero(remains.any(axis=1)) == 5
    assert np.count_nonzero(np.concatenate([block.fine for block in blocks]).any(axis=1)) == 5
    assert np.count_nonzero(rows._scale) == 5
    assert np.count_nonzero(rows._lengths) == 2 * 5
    for seed in range(0, 10, 2):
        assert not np.isclose(remains @ vector(seed), np.linalg.norm(remains, axis=1)).any(
            where=remains.any(axis=1)
        )


def test_it_grows_past_its_first_block_and_starts_again_when_empty() -> None:
    seeds = range(1, BLOCK_ROWS * 5 + 2)
    gallery = Gallery(MODEL, (template(seed, seed) for seed in seeds), block_rows=BLOCK_ROWS)
    best, _ = gallery.search(vector(BLOCK_ROWS * 2))
    assert best is not None
    assert best.member_id.int == BLOCK_ROWS * 2
    for seed in seeds:
        assert gallery.remove_member(UUID(int=seed)) == 1
    assert len(gallery) == 0
    assert gallery.search(vector(7)) == (None, None)
    wider = Template(UUID(int=9), UUID(int=9), MODEL, np.ones(DIMENSION + 1, np.float32))
    gallery.add(wider)
    assert gallery.search(wider.embedding)[0] is not None


def test_a_members_own_templates_are_given_back() -> None:
    gallery = Gallery(MODEL, [template(1, 1), template(2, 2), template(1, 3)])
    own = gallery.templates_of(UUID(int=1))
    assert [float(one @ vector(seed)) for one, seed in zip(own, (1, 3), strict=True)] == (
        pytest.approx([1, 1])
    )
    assert gallery.templates_of(UUID(int=5)) == ()


def test_of_equals_the_lowest_id_is_named_whoever_came_first() -> None:
    for order in ((3, 1, 2), (2, 3, 1)):
        held = [Template(UUID(int=m), UUID(int=m), MODEL, vector(5)) for m in order]
        best, second = Gallery(MODEL, held).search(vector(5))
        assert [one.member_id.int for one in (best, second) if one is not None] == [1, 2]


def test_what_is_not_a_number_is_neither_held_nor_looked_for() -> None:
    gallery = Gallery(MODEL, [template(1, 1)])
    bad = vector(2)
    bad[3] = np.nan
    assert gallery.search(bad) == (None, None)
    with pytest.raises(Fault, match="R111"):
        gallery.add(Template(UUID(int=2), UUID(int=2), MODEL, bad))
    assert gallery.members == 1


# Values of very different sizes, zero and equal ones among them: the worst for fixed point.
numbers = st.one_of(
    st.floats(-1, 1, width=32), st.sampled_from([0.0, 1.0, -1.0, 1e-6, 0.5 + 2**-20])
)
matrices = st.integers(1, 30).flatmap(
    lambda rows: arrays(np.float32, (rows, DIMENSION), elements=numbers)
)
probes = arrays(np.float32, (DIMENSION,), elements=numbers)


@given(matrix=matrices, probe=probes, each=st.integers(1, 3))
def test_the_answer_is_that_of_the_full_product(matrix: Vector, probe: Vector, each: int) -> None:
    """Scores are equal to the last bit to those of whole rows; nobody nearer is overlooked."""
    held = [
        Template(UUID(int=row), UUID(int=1 + row // each), MODEL, matrix[row])
        for row in range(len(matrix))
    ]
    gallery = Gallery(MODEL, held, block_rows=BLOCK_ROWS)
    rows, one = Fixed.of(matrix), Fixed.of(probe[None, :])
    products = np.array([int(np.dot(row, one.whole[0])) for row in rows.whole])
    scores = products * (rows.scale / FINE) * (one.scale[0] / FINE)
    by_member: dict[UUID, float] = {}
    for template_, score in zip(held, scores.tolist(), strict=True):
        member = template_.member_id
        by_member[member] = max(score, by_member.get(member, score))
    expected = sorted((-score, member) for member, score in by_member.items())[:2]
    found = [(-c.score, c.member_id) for c in gallery.search(probe) if c is not None]
    assert found == expected


@given(matrix=matrices, probe=probes)
def test_fixed_point_is_as_fine_as_float32_and_its_bound_holds(
    matrix: Vector, probe: Vector
) -> None:
    rows, one = Fixed.of(matrix), Fixed.of(probe[None, :])
    held = values(rows.whole, rows.scale).astype(np.float64)
    largest = np.maximum(np.abs(matrix).max(axis=1), 1e-30)
    assert (np.abs(held - matrix).max(axis=1) <= largest * 2.0**-23).all()
    coarse = (rows.coarse.astype(np.int64) * one.coarse[0].astype(np.int64)).sum(axis=1)
    exact = (rows.whole.astype(object) * one.whole[0].astype(object)).sum(axis=1) / FINE**2
    off = np.abs((coarse - exact.astype(np.float64)) * rows.scale * one.scale[0])
    bounds = [one.wrong_by(float(n), float(e)) for n, e in zip(rows.length, rows.lost, strict=True)]
    assert (off <= np.array(bounds) + 1e-15).all()


@given(
    vectors=arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.integers(1, 600)),
        elements=st.floats(-1, 1, width=32),
    ),
    much=st.sampled_from((1e-30, 1e-12, 1.0, 1e12, 1e30)),
)
def test_a_length_summed_in_float32_is_never_too_short_and_hardly_too_long(
    vectors: Vector, much: float
) -> None:
    fixed = Fixed.of(np.asarray(vectors * np.float32(much), np.float32))
    for at_most, true in zip(fixed.at_most(), (fixed.length, fixed.lost), strict=True):
        assert (at_most >= true).all()
        assert (at_most <= true * (1 + 1e-3)).all()


def test_a_start_hands_no_row_from_thread_to_thread() -> None:
    asked: list[int] = []

    def pages() -> Iterator[MemberRows]:
        for number in range(5):
            asked.append(get_ident())
            rows = np.stack([vector(number), vector(100 + number)]).astype(np.float16)
            yield MemberRows((UUID(int=number + 1),), (2,), rows)

    gallery = Gallery(MODEL)
    gallery.fill_rows(pages())
    assert set(asked) == {get_ident()}
    assert len(gallery) == 10
    best, _ = gallery.search(vector(103))
    assert best is not None
    assert best.member_id == UUID(int=4)


def test_a_gallery_of_thousands_is_searched_like_a_plain_product() -> None:
    random = np.random.default_rng(3)
    matrix = random.normal(size=(3_000, 64)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1)[:, None]
    members = [UUID(int=1 + row // 2) for row in range(len(matrix))]
    held = (Template(m, m, MODEL, row) for m, row in zip(members, matrix, strict=True))
    gallery = Gallery(MODEL, held, block_rows=256)
    for probe in random.normal(size=(40, 64)).astype(np.float32):
        order = np.argsort(-(matrix.astype(np.float64) @ probe.astype(np.float64)))
        first = members[order[0]]
        second = next(members[row] for row in order if members[row] != first)
        found = [c.member_id for c in gallery.search(probe) if c is not None]
        assert found == [first, second]


def test_no_product_of_the_hot_path_wakes_the_threads_of_a_blas() -> None:
    """Nor is an output given to simsimd, whose 6.5.16 kills the interpreter for it."""
    assert recognition.__file__ is not None
    for path in Path(recognition.__file__).parent.glob("gallery*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        assert not [node for node in nodes if isinstance(node, ast.MatMult)]
        assert "out" not in [node.arg for node in nodes if isinstance(node, ast.keyword)]
