"""`KnownPersons`, in memory and on disk: whole, grown, damaged, opened again."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from edge_agent.adapters.known_persons_file import FileKnownPersons
from edge_agent.ports.known_persons import KnownPersons
from retail_core.errors import Fault
from retail_core.identity.person_filter import PersonFilter, encode_additions
from retail_core.texts.faults import FaultCode
from tests.fakes.person_line import FakeKnownPersons, hash_of


def person(number: int) -> bytes:
    return sha256(number.to_bytes(8, "big")).digest()


def filter_of(*numbers: int) -> PersonFilter:
    known = PersonFilter.sized(200)
    known.add(map(person, numbers))
    return known


class KnownPersonsContract:
    """The suite; a subclass provides `known`."""

    def test_without_a_summary_nothing_is_said(self, known: KnownPersons) -> None:
        assert known.version() == 0
        assert known.knows(person(1)) is None
        with pytest.raises(Fault):
            known.grow(2, bytes(32), ())

    def test_a_whole_one_is_taken(self, known: KnownPersons) -> None:
        content = filter_of(1, 2).encoded()
        known.replace(3, hash_of(content), content)
        assert known.version() == 3
        assert known.knows(person(1))
        assert known.knows(person(9)) is False
        later = filter_of(9).encoded()
        known.replace(5, hash_of(later), later)
        assert (known.version(), known.knows(person(1)), known.knows(person(9))) == (5, False, True)

    def test_it_grows_step_by_step(self, known: KnownPersons) -> None:
        whole = filter_of(1, 2)
        content = whole.encoded()
        known.replace(1, hash_of(content), content)
        steps = []
        for number in (3, 4):
            places = whole.added([person(number)])
            whole.count += 1
            steps.append(encode_additions(whole.bits, whole.count, places))
        known.grow(3, hash_of(whole.encoded()), steps)
        assert known.version() == 3
        assert all(known.knows(person(number)) for number in (1, 2, 3, 4))

    def test_what_is_damaged_changes_nothing(self, known: KnownPersons) -> None:
        content = filter_of(1).encoded()
        known.replace(1, hash_of(content), content)
        other = PersonFilter.sized(999)
        steps = [
            encode_additions(other.bits, 2, other.added([person(2)])),
            encode_additions(filter_of().bits, 2, [1, 2, 3]),
        ]
        for step in steps:
            with pytest.raises(Fault) as caught:
                known.grow(2, hash_of(content), [step])
            assert caught.value.code == FaultCode.PERSONS_FILTER_WRONG
        with pytest.raises(Fault) as caught:
            known.replace(2, bytes(32), content)
        assert caught.value.code == FaultCode.PERSONS_FILTER_WRONG
        assert (known.version(), known.knows(person(1))) == (1, True)

    def test_closes_twice(self, known: KnownPersons) -> None:
        known.close()
        known.close()
        assert known.knows(person(1)) is None


class TestFakeKnownPersons(KnownPersonsContract):
    @pytest.fixture
    def known(self) -> FakeKnownPersons:
        return FakeKnownPersons()


class TestFileKnownPersons(KnownPersonsContract):
    @pytest.fixture
    def known(self, tmp_path: Path) -> Iterator[FileKnownPersons]:
        known = FileKnownPersons(tmp_path)
        yield known
        known.close()

    def test_it_is_there_after_a_restart(self, known: FileKnownPersons, tmp_path: Path) -> None:
        content = filter_of(1).encoded()
        known.replace(4, hash_of(content), content)
        known.close()
        again = FileKnownPersons(tmp_path)
        assert (again.version(), again.knows(person(1))) == (4, True)
        again.close()
        assert [path.name for path in tmp_path.iterdir()] == ["persons-4.rpf"]

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda path: path.write_bytes(b""),
            lambda path: path.write_bytes(b"RPF1"),
            lambda path: path.write_bytes(path.read_bytes()[:-1]),
            lambda path: path.unlink(),
        ],
    )
    def test_a_file_that_cannot_be_read_is_none(
        self, known: FileKnownPersons, tmp_path: Path, spoil: Callable[[Path], None]
    ) -> None:
        content = filter_of(1).encoded()
        known.replace(4, hash_of(content), content)
        known.close()
        spoil(tmp_path / "persons-4.rpf")
        again = FileKnownPersons(tmp_path)
        assert (again.version(), again.knows(person(1))) == (0, None)
        again.replace(5, hash_of(content), content)
        assert again.version() == 5
        again.close()
