"""Templates and what they may call; one environment a process."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from cloud_broker.console import formats
from cloud_broker.console.right_words import right_words
from cloud_broker.console.texts import Language, texts
from cloud_broker.console.tile_words import TileWords, detail_text, reason_text
from cloud_broker.console.twin_views import setting_words
from cloud_broker.console.views import TileView
from cloud_broker.domain.rights import ROLES, Right, may
from retail_core.errors import Fault
from retail_core.growth.account import TierNames
from retail_core.money import format_yuan
from retail_core.texts.faults import FaultCode

FOLDER = Path(__file__).parent / "templates"
_ACCOUNT_PARTS = 3


@cache
def environment() -> Environment:
    """Build the environment: everything escaped, an unknown name is a fault and not a blank."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        detail=_detail,
        yuan=format_yuan,
        thousands=lambda number: f"{number:,}",
        millis=formats.millis,
        quantity=formats.quantity,
        business_day=formats.business_day,
        ago=_ago,
        stamp=_stamp,
        iso=_iso,
        reason=_reason,
        account=_account,
        right=_right,
        tier=_tier,
        tile_words=_tile_words,
        setting_words=lambda key, words: setting_words(words, key),
    )
    return made


def render(template: str, values: Mapping[str, Any]) -> str:
    """Render one template."""
    return environment().get_template(template).render(values)


def fault_text(fault: Fault, language: Language) -> str:
    """Return what a person reads; the pages word some codes for their own case."""
    roles = _roles_for(fault)
    if roles:
        t = texts(language)
        named = t("app.comma").join(t(f"role.{role}") for role in roles)
        return t("rights.needed", roles=named)
    return texts(language).or_else(f"fault.{fault.code.value}", fault.text(language))


def _roles_for(fault: Fault) -> tuple[str, ...]:
    """Return which roles may do what somebody was not let do."""
    scope = fault.fields.get("scope") if fault.code is FaultCode.API_SCOPE_MISSING else None
    right = next((one for one in Right if one.value == scope), None)
    return () if right is None else tuple(role for role in ROLES if may(role, right))


@pass_context
def _ago(context: Context, ms: int | None) -> str:
    return formats.ago(ms, context["now_ms"], context["zone"], context["t"])


@pass_context
def _stamp(context: Context, ms: int) -> str:
    return formats.stamp(ms, context["zone"])


@pass_context
def _iso(context: Context, ms: int) -> str:
    return formats.iso(ms, context["zone"])


@pass_context
def _reason(context: Context, code: str, detail: str = "") -> str:
    return reason_text(context["t"], code, detail)


@pass_context
def _detail(context: Context, detail: str) -> str:
    return detail_text(context["t"], detail)


@pass_context
def _tile_words(context: Context, tile: TileView) -> str:
    return TileWords(context["t"], context["zone"])(tile)


@pass_context
def _tier(context: Context, code: str, names: TierNames) -> str:
    """Name a tier as the rules in force do, so that a page calls it one thing throughout."""
    if not code:
        return str(context["t"]("member.tier_none"))
    said = names.said(code)
    return said.zh if context["language"] == "zh" else said.en


@pass_context
def _right(context: Context, rule: str, names: Mapping[str, str]) -> str:
    """Name a rule, a coupon or a source as the rules in force and the product call it."""
    return right_words(context["t"], rule, names)


@pass_context
def _account(context: Context, name: str) -> str:
    """Name an account without its ids: `member:…:free` is what can be spent."""
    parts = name.split(":")
    if len(parts) < _ACCOUNT_PARTS:
        return name
    return str(context["t"].or_else(f"account.{parts[2]}", name))
