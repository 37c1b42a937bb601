"""Arrays packed by us are byte for byte what the driver makes of the same lists."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import PyFormat, Transformer
from psycopg.types.array import ListBinaryDumper

from cloud_broker.adapters.postgres.arrays import packed

# hypothesis wants the bounds without a zone and gives each moment one.
EARLIEST, LATEST = datetime.min, datetime.max  # noqa: DTZ901 -- see above
ELEMENTS: dict[type, st.SearchStrategy[Any]] = {
    UUID: st.uuids(),
    str: st.text(st.characters(exclude_characters="\x00", codec="utf-8")),
    bytes: st.binary(),
    bool: st.booleans(),
    datetime: st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)),
    date: st.dates(),
}


def by_the_driver(values: Sequence[Any]) -> bytes:
    dumper = Transformer().get_dumper(list(values), PyFormat.BINARY)
    assert isinstance(dumper, ListBinaryDumper)
    return bytes(dumper.dump(list(values)) or b"")


@pytest.mark.parametrize("kind", list(ELEMENTS))
def test_every_kind_is_packed_as_the_driver_does(kind: type) -> None:
    some = st.lists(st.none() | ELEMENTS[kind], min_size=1)

    @given(some.filter(lambda values: any(value is not None for value in values)))
    def check(values: list[Any]) -> None:
        assert packed(values) == by_the_driver(values)

    check()


@given(st.lists(st.integers(1 << 40, (1 << 63) - 1), min_size=1))
def test_whole_numbers_are_always_eight_bytes(values: list[int]) -> None:
    assert packed(values) == by_the_driver(values)


@pytest.mark.parametrize("values", [[], [None, None], [1.5], [1 << 63], [None, -(1 << 64)]])
def test_what_we_do_not_know_is_left_to_the_driver(values: list[Any]) -> None:
    assert packed(values) is values
