"""The audit's details in words, and what they do with a field or a value they do not know."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_broker import console
from cloud_broker.console.audit_words import AuditWords
from cloud_broker.console.texts import Language, texts
from retail_core.growth.account import TierNames

SERVICES = Path(console.__file__).parents[1] / "services"
TIERS = TierNames({"gold": "金卡"}, {"gold": "Gold"})
NOTES = {"AuditEntry", "_audit", "_entry", "_noted"}


def said(detail: dict[str, object], language: Language = "zh") -> str:
    return AuditWords(texts(language), "Asia/Shanghai", TIERS)(detail)


def test_a_detail_is_words_in_both_languages() -> None:
    detail: dict[str, object] = {"tier": "gold", "role_before": "technician", "dry": False}
    assert said(detail) == "等级\uff1a金卡 · 原来的角色\uff1a技术员 · 只演练\uff1a否"
    assert said(detail, "en") == "tier: Gold · role before: Technician · dry run: no"


@pytest.mark.parametrize(
    ("detail", "zh", "en"),
    [
        ({"scope": "chain", "put": ["language"]}, "范围\uff1a整个连锁 · 设成\uff1a语言", None),
        ({"kind": "face.local"}, "类别\uff1a本店人脸识别", None),
        ({"kind": "harvest"}, None, "kind: points gathered on one card"),
        ({"by": "password"}, "经手\uff1a密码", "by: password"),
        ({"by": "li.hua"}, "经手\uff1ali.hua", "by: li.hua"),
        ({"replace": "true"}, "换下旧盒子\uff1a是", None),
        ({"points": 12_300, "version": 12_300}, "积分\uff1a12,300 · 版本\uff1a12300", None),
        (
            {"sum_fen": 12_300, "at_ms": 0},
            "sum fen\uff1a¥123.00 · at ms\uff1a1970-01-01 08:00:00",
            None,
        ),
        ({"ring": 0}, "第几圈\uff1a1", "ring: 1"),
        (
            {"records": 9, "pairs": 2, "linked": 1, "review": 1},
            "看过的记录\uff1a9 · 像的对数\uff1a2 · 判为同一人\uff1a1 · 等人判断\uff1a1",
            "records looked at: 9 · pairs alike: 2 · joined at once: 1 · left to a person: 1",
        ),
        ({"board": "unknown"}, "主板\uff1a没报", "board: not told"),
        ({"groups": ["员工", "批发"]}, "客户组\uff1a员工、批发", "customer groups: 员工, 批发"),
        ({"added": 0, "reason": "", "member": None, "stores": []}, "新增\uff1a0", None),
        ({}, "", ""),
    ],
)
def test_values_are_written_as_people_read_them(
    detail: dict[str, object], zh: str | None, en: str | None
) -> None:
    assert zh is None or said(detail) == zh
    assert en is None or said(detail, "en") == en


def test_what_a_later_version_keeps_stays_readable() -> None:
    detail: dict[str, object] = {"odd_thing": {"new_kind": "x_1", "n": 2}, "tier": "ruby"}
    assert said(detail, "en") == "odd thing: new kind x_1, n 2 · tier: ruby"


def keys_kept() -> Iterator[tuple[str, str]]:
    """Yield every name that an act's detail is given, and the file it stands in."""
    for path in sorted(SERVICES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(map(_notes, ast.walk(node))):
                answers = {one.value for one in ast.walk(node) if isinstance(one, ast.Return)}
                found = (one for one in ast.walk(node) if isinstance(one, ast.Dict))
                details = (one for one in found if one not in answers and not _states(one))
                for key in (key for one in details for key in one.keys):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield key.value, path.name


def _states(one: ast.Dict) -> bool:
    """Tell whether these are states and where each may be left from."""
    return any(isinstance(value, ast.Set) for value in one.values)


def _notes(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    named = getattr(called, "id", getattr(called, "attr", ""))
    return named in NOTES


def test_every_name_that_a_detail_is_given_has_its_word() -> None:
    kept = dict(keys_kept())
    assert {"reason", "scopes", "sales_before", "groups"} <= kept.keys()
    known = texts("zh").keys()
    assert {name: file for name, file in kept.items() if f"audit_key.{name}" not in known} == {}
