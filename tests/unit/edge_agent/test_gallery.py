"""The gallery answers as a plain search over all templates would."""

import ast
import inspect
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.ports.gallery_store import Template
from edge_agent.recognition.gallery import GROW_ROWS, Gallery
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

MODEL = "net@000000000000"
DIMENSION = 6
Vector = NDArray[np.float32]


def vector(seed: int) -> Vector:
    """Some direction."""
    raw = np.random.default_rng(seed).normal(size=DIMENSION)
    return np.asarray(raw / np.linalg.norm(raw), np.float32)


def template(member: int, seed: int, model: str = MODEL) -> Template:
    """A template of a member."""
    return Template(UUID(int=seed), UUID(int=member), model, vector(seed))


def plain_search(held: list[tuple[int, int]], probe: Vector) -> list[tuple[int, float]]:
    """Best score of each member, best member first."""
    best: dict[int, float] = {}
    for member, seed in held:
        best[member] = max(best.get(member, -2.0), float(vector(seed) @ probe))
    return sorted(best.items(), key=lambda entry: -entry[1])


templates = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 500)), unique=True, max_size=40)


@given(held=templates, gone=st.sets(st.integers(1, 6)), probe=st.integers(501, 900))
def test_best_and_runner_up_are_those_of_a_plain_search(
    held: list[tuple[int, int]], gone: set[int], probe: int
) -> None:
    gallery = Gallery(MODEL, (template(*one) for one in held))
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


def test_who_is_removed_leaves_no_row_behind() -> None:
    gallery = Gallery(MODEL, (template(1 + seed % 2, seed) for seed in range(10)))
    assert gallery.remove_member(UUID(int=1)) == 5
    assert gallery.remove_member(UUID(int=1)) == 0
    assert not gallery.holds(UUID(int=1))
    assert gallery.holds(UUID(int=2))
    remains = gallery._rows
    for seed in range(0, 10, 2):
        assert not np.isclose(remains @ vector(seed), 1, atol=1e-4).any()


def test_it_grows_past_its_first_rows_and_starts_again_when_empty() -> None:
    gallery = Gallery(MODEL, (template(seed, seed) for seed in range(1, GROW_ROWS * 3)))
    best, _ = gallery.search(vector(GROW_ROWS * 2))
    assert best is not None
    assert best.member_id.int == GROW_ROWS * 2
    for seed in range(1, GROW_ROWS * 3):
        gallery.remove_member(UUID(int=seed))
    gallery.add(template(7, 7))
    best, _ = gallery.search(vector(7))
    assert best is not None
    assert best.member_id.int == 7


def test_a_members_own_templates_are_given_back() -> None:
    gallery = Gallery(MODEL, [template(1, 1), template(2, 2), template(1, 3)])
    own = gallery.templates_of(UUID(int=1))
    assert [float(one @ vector(seed)) for one, seed in zip(own, (1, 3), strict=True)] == (
        pytest.approx([1, 1])
    )
    assert gallery.templates_of(UUID(int=5)) == ()


def test_no_product_of_the_hot_path_wakes_the_threads_of_a_blas() -> None:
    tree = ast.parse(inspect.getsource(inspect.getmodule(Gallery) or Gallery))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.MatMult)]
