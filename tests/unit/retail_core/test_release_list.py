"""The list of a release: what may stand in it, and which parts a box takes."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.fleet.release import (
    LIST_BYTES_MAX,
    NUMBER_MAX,
    PARTS_MAX,
    Part,
    Release,
    path_of,
    read,
    write,
)
from retail_core.texts.faults import FaultCode

PI = "linux-aarch64"
AGENT = Part("parts/agent-1.tar.zst", "agent", PI, 1_000)
OTHER = Part("parts/agent-2.tar.zst", "agent", "win-amd64", 1_000)
MODELS = Part("parts/models-1.tar.zst", "models", "any", 2_000)
RELEASE = Release(7, "1.4.0+rc.1", (AGENT, OTHER, MODELS))


def refusal(content: bytes) -> str:
    with pytest.raises(Fault) as caught:
        read(content)
    assert caught.value.code is FaultCode.RELEASE_WRONG
    return str(caught.value.fields["what"])


def listed(**change: Any) -> bytes:
    return msgspec.json.encode({**msgspec.to_builtins(RELEASE), **change})


def part(**change: Any) -> dict[str, Any]:
    return {**msgspec.to_builtins(AGENT), **change}


def test_a_list_is_read_as_it_was_written_and_people_can_read_it() -> None:
    content = write(RELEASE)
    assert read(content) == RELEASE
    assert content.startswith(b'{\n "number": 7,\n "version": "1.4.0+rc.1",\n "parts": [\n')
    assert content.endswith(b"}\n")
    assert path_of(7) == "releases/7.json"


@pytest.mark.parametrize("version", ["0", "a", "1.4.0", "1.4.0-rc.1+2026", "9" * 48])
def test_names_of_releases(version: str) -> None:
    assert read(write(msgspec.structs.replace(RELEASE, version=version))).version == version


@pytest.mark.parametrize("version", ["", ".1", "-1", "1 4", "1.4\n", "一", "9" * 49, "1/2"])
def test_what_is_no_name_is_neither_written_nor_read(version: str) -> None:
    wrong = msgspec.structs.replace(RELEASE, version=version)
    with pytest.raises(Fault) as caught:
        write(wrong)
    assert caught.value.code is FaultCode.RELEASE_WRONG
    assert caught.value.fields == {"what": f"version {version[:48]!r}"}
    said = refusal(msgspec.json.encode(wrong))
    assert said == "version" if len(version) <= 48 else "length" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Input data was truncated"),
        (b"{}", "number"),
        (listed(number=0), "number"),
        (listed(number=NUMBER_MAX + 1), "number"),
        (listed(more=1), "more"),
        (listed(parts=[]), "parts"),
        (listed(parts=[part()] * (PARTS_MAX + 1)), "parts"),
        (listed(parts=[part(path="parts/../x")]), "path"),
        (listed(parts=[part(path="parts/" + "a" * 121)]), "path"),
        (listed(parts=[part(kind="firmware")]), "kind"),
        (listed(parts=[part(platform="p" * 81)]), "platform"),
        (listed(parts=[part(unpacked=-1)]), "unpacked"),
        (listed(parts=[part(unpacked=(1 << 33) + 1)]), "unpacked"),
    ],
)
def test_what_is_no_list_is_refused_by_its_field(content: bytes, said: str) -> None:
    assert said in refusal(content)


def test_what_is_said_of_a_bad_list_stays_short() -> None:
    assert len(refusal(listed(**{"x" * 500: 1}))) == 200


def test_the_edges_of_a_list_are_read() -> None:
    most = [part(path="parts/" + "a" * 120, platform="p" * 80, unpacked=1 << 33)] * PARTS_MAX
    found = read(listed(number=NUMBER_MAX, parts=most))
    assert (found.number, len(found.parts)) == (NUMBER_MAX, PARTS_MAX)
    assert read(listed(number=1, parts=[part(unpacked=0)])).parts[0].unpacked == 0


def test_a_list_may_be_as_long_as_its_limit_and_no_longer() -> None:
    open_end = write(RELEASE).removesuffix(b"}\n")
    assert read(open_end.ljust(LIST_BYTES_MAX - 1) + b"}") == RELEASE
    assert refusal(open_end.ljust(LIST_BYTES_MAX) + b"}") == "Input data was truncated"


@given(st.binary(max_size=60))
def test_rubbish_is_refused(rubbish: bytes) -> None:
    assert refusal(rubbish)


class TestWhatABoxTakes:
    def test_its_own_program_and_what_is_for_any(self) -> None:
        assert RELEASE.for_platform(PI) == (AGENT, MODELS)
        assert RELEASE.for_platform("win-amd64") == (OTHER, MODELS)

    @pytest.mark.parametrize(
        "parts", [(MODELS,), (OTHER, MODELS), (AGENT, msgspec.structs.replace(AGENT, path="x"))]
    )
    def test_not_one_program_for_it_is_no_release_of_its_own(self, parts: tuple[Part, ...]) -> None:
        with pytest.raises(Fault) as caught:
            Release(7, "1", parts).for_platform(PI)
        assert caught.value.code is FaultCode.RELEASE_NOT_OURS
        assert caught.value.fields == {"platform": PI}

    def test_a_program_for_any_platform_is_for_this_one(self) -> None:
        every = msgspec.structs.replace(AGENT, platform="any")
        assert Release(7, "1", (every,)).for_platform(PI) == (every,)
