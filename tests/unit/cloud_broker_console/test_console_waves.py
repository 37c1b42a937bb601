"""Waves as a page counts them, and who is told which role an act takes."""

from dataclasses import replace
from uuid import UUID

import pytest

from cloud_broker.console.command_pages import wave_now, waves_of
from cloud_broker.console.render import environment, fault_text
from cloud_broker.console.texts import Language, texts
from cloud_broker.domain.rights import ROLES, Right, may
from cloud_broker.ports.orders import CommandRow
from retail_core.errors import Fault
from retail_core.fleet.commands import CommandState, wave_of
from retail_core.texts.faults import FaultCode


def commands(boxes: int) -> tuple[CommandRow, ...]:
    some = UUID(int=1)
    one = CommandRow(some, some, some, some, 0, CommandState.HELD, 0)
    return tuple(replace(one, wave=wave_of(index, boxes)) for index in range(boxes))


@pytest.mark.parametrize(("boxes", "sizes"), [(1, [1]), (2, [1, 1]), (3, [1, 2]), (40, [1, 3, 36])])
def test_waves_are_counted_without_those_that_have_no_box(boxes: int, sizes: list[int]) -> None:
    found = waves_of(commands(boxes))
    assert [place for place, _ in found] == list(range(1, len(found) + 1))
    assert sum(len(rows) for _, rows in found) == boxes
    if boxes < 40:
        assert [len(rows) for _, rows in found] == sizes


def test_an_order_stands_at_the_wave_that_is_next() -> None:
    few = commands(3)
    numbers = sorted({one.wave for one in few})
    assert [wave_now(number, few) for number in numbers] == [1, 2]
    assert wave_now(numbers[0] + 1, few) == 2
    assert wave_now(99, few) == 2
    assert wave_now(0, ()) == 1


@pytest.mark.parametrize("right", Right)
def test_who_is_refused_is_told_the_roles_that_may(right: Right) -> None:
    fault = Fault(FaultCode.API_SCOPE_MISSING, scope=right.value)
    zh, en = fault_text(fault, "zh"), fault_text(fault, "en")
    assert "令牌" not in zh
    assert "Users" in en
    words = {"admin": "总部管理员", "operations": "总部运营", "technician": "技术员"}
    for role in set(ROLES) & words.keys():
        said = zh.partition("角色由")[0]
        assert (words[role] in said) is may(role, right)


def test_what_is_no_right_of_the_table_is_said_as_before() -> None:
    fault = Fault(FaultCode.API_SCOPE_MISSING, scope="?")
    assert fault_text(fault, "zh") == fault.text("zh")


@pytest.mark.parametrize(
    ("kind", "detail", "zh", "en"),
    [
        ("doctor", "[]", "没有问题", "nothing is wrong"),
        ("logs", "", "没有记下", "written nothing"),
    ],
)
def test_an_answer_without_anything_in_it_is_a_sentence(
    kind: str, detail: str, zh: str, en: str
) -> None:
    one = replace(commands(1)[0], state=CommandState.SUCCESSFUL, detail=detail)
    shown = said("zh", kind, one), said("en", kind, one)
    assert zh in shown[0]
    assert en in shown[1]
    assert "<pre" not in "".join(shown)
    waiting = replace(one, state=CommandState.INIT, detail="")
    assert said("zh", kind, waiting).strip() == ""
    found = said("zh", kind, replace(one, detail="[{&}]"))
    assert zh not in found
    assert "[{&amp;}]" in found


def said(language: Language, kind: str, one: CommandRow) -> str:
    macro = environment().get_template("fleet_parts.html")
    module = macro.make_module({"t": texts(language)})
    return str(module.said(kind, one))  # type: ignore[attr-defined]
