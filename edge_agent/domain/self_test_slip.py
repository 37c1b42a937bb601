"""What the slip of a self-test says: the box, each check, and the essentials as a code."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge_agent.domain.slip import Slip, SlipLine
from retail_core.errors import Fault

# In every Chinese printer's letters, and two columns wide as they are.
_GOOD, _BAD = "√", "×"
_BOX_HEAD, _BOX_TAIL = 8, 6


@dataclass(frozen=True, slots=True)
class SlipHead:
    """Whose slip it is; `printed` is the shop's own time as people read it, empty when unknown."""

    store: str
    box: str
    software: str
    printed: str


def self_test_slip(
    head: SlipHead,
    findings: Sequence[tuple[str, Fault | None]],
    code: str,
    drawing: tuple[str, ...],
) -> Slip:
    """Return it in Chinese, and for a printer without Chinese letters in English.

    `findings`: what was tried, as `zh / en`, with what is wrong with it, None when it is well.
    """
    wrong = sum(fault is not None for _, fault in findings)
    zh_end = f"{wrong} 项要修" if wrong else "全部正常"
    en_end = f"{wrong} to mend" if wrong else "all is well"
    zh = (
        SlipLine("熟客盒子 自检", centred=True, big=True),
        *_head(head),
        *(line for what, fault in findings for line in _zh(what, fault)),
        SlipLine(zh_end, centred=True, big=True),
    )
    en = (
        SlipLine("SELF-TEST", centred=True, big=True),
        *_head(head),
        *(line for what, fault in findings for line in _en(what, fault)),
        SlipLine(en_end, centred=True, big=True),
    )
    return Slip((zh, en, tuple(map(_in_ascii, en))), code, drawing)


def _in_ascii(line: SlipLine) -> SlipLine:
    """Leave out what the plainest printer has not: names of shops and tills in Chinese."""
    return replace(line, text=line.text.encode("ascii", "replace").decode())


def _head(head: SlipHead) -> tuple[SlipLine, ...]:
    box = f"{head.box[:_BOX_HEAD]}..{head.box[-_BOX_TAIL:]}"
    lines = (head.store, box, head.software, head.printed)
    return (*(SlipLine(line, centred=True) for line in lines if line), SlipLine(""))


def _zh(what: str, fault: Fault | None) -> tuple[SlipLine, ...]:
    name = what.partition(" / ")[0]
    if fault is None:
        return (SlipLine(name, _GOOD),)
    return SlipLine(name, _BAD), SlipLine(f"{fault.code.value} {fault.text('zh')}")


def _en(what: str, fault: Fault | None) -> tuple[SlipLine, ...]:
    name = what.partition(" / ")[2] or what
    if fault is None:
        return (SlipLine(name, "ok"),)
    return SlipLine(name, "WRONG"), SlipLine(f"{fault.code.value} {fault.text('en')}")
