"""Members of the system before, as a file: which column says what, and one row read.

What the file does not say is not known: a consent that is empty is none.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final
from unicodedata import normalize
from zoneinfo import ZoneInfo

from retail_core import limits
from retail_core.checkout.payment_codes import PREFIXES
from retail_core.errors import Fault
from retail_core.identity.naming import normalise_phone
from retail_core.insight.channel_orders.columns import plain_name
from retail_core.texts.faults import FaultCode

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "card": ("会员卡号", "卡号", "会员号", "会员编号", "card", "card no", "card number",
             "member no", "membership number"),
    "card_uid": ("芯片号", "卡芯片号", "uid", "card uid"),
    "phone": ("手机号", "手机", "手机号码", "电话", "联系电话", "phone", "mobile", "telephone"),
    "name": ("姓名", "会员姓名", "名称", "name", "full name", "member name"),
    "tier": ("会员等级", "等级", "级别", "卡等级", "tier", "level", "grade"),
    "birthday": ("生日", "出生日期", "birthday", "date of birth", "birth date"),
    "joined": ("入会日期", "入会时间", "注册时间", "开卡日期", "joined", "joined on",
               "registered at", "enrolled"),
    "store": ("所属门店", "开卡门店", "入会门店", "门店", "home store", "store"),
    "points": ("积分", "可用积分", "积分余额", "points", "points balance"),
    "expires": ("积分到期", "积分到期日", "积分有效期", "expires", "points expire"),
    "lots": ("积分明细", "积分批次", "lots", "point lots"),
    "coupons": ("优惠券", "券", "coupons", "vouchers"),
    "membership": ("会员协议", "入会同意", "membership consent", "terms"),
    "marketing": ("营销同意", "短信同意", "接受营销", "marketing consent", "sms consent",
                  "marketing"),
}  # fmt: skip
CONSENTS: Final = ("membership", "marketing")
_YES = frozenset({"是", "同意", "1", "y", "yes", "true", "接受", "已同意"})
_NO = frozenset({"否", "不同意", "0", "n", "no", "false", "拒绝", "退订"})
_UNKNOWN = frozenset({"", "未知", "unknown", "?", "-", "null", "none", "n/a"})
_CARD = re.compile(r"[0-9A-Za-z\-]{4,40}")
_UID = re.compile(r"(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{14}|[0-9A-Fa-f]{20})")
_DATE = re.compile(r"([0-9]{4})[-/年.]?([0-9]{1,2})[-/月.]?([0-9]{1,2})日?(?:[ T].*)?")
_MONTH_DAY = re.compile(r"([0-9]{1,2})[-/月.]([0-9]{1,2})日?")
_PATTERN_FIXED = range(2, 13)
_PATTERN_OPEN = range(2, 17)


@dataclass(frozen=True, slots=True)
class PeopleMapped:
    """Which column says what; `tiers` and `coupons` rename what the system before called so."""

    columns: Mapping[str, str]
    tiers: Mapping[str, str] = field(default_factory=dict)
    coupons: Mapping[str, str] = field(default_factory=dict)
    store: str = ""
    zone: str = "Asia/Shanghai"

    def said(self) -> dict[str, object]:
        """Return it as it is kept."""
        return {
            "columns": dict(self.columns),
            "tiers": dict(self.tiers),
            "coupons": dict(self.coupons),
            "store": self.store,
            "zone": self.zone,
        }


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One member as the system before knew her; `phone` in E.164 digits, "" where unknown."""

    row: int
    card: str
    card_uid: bytes
    phone: str
    name: str
    tier: str
    birthday: tuple[str, int, int] | None
    joined_ms: int | None
    store: str
    lots: tuple[tuple[int, date | None], ...]
    coupons: tuple[tuple[str, date], ...]
    consents: Mapping[str, bool]

    @property
    def points(self) -> int:
        """All her points."""
        return sum(points for points, _ in self.lots)


def people_mapped(header: Sequence[str], said: Mapping[str, Any] | None = None) -> PeopleMapped:
    """Return how a file is read. Faults IMPORT_MAPPING, IMPORT_COLUMNS."""
    said = said or {}
    columns = said.get("columns", {})
    unknown = said.keys() - {"columns", "tiers", "coupons", "store", "zone"}
    unknown |= columns.keys() - NAMES.keys() if isinstance(columns, dict) else {"columns"}
    if unknown:
        raise Fault(FaultCode.IMPORT_MAPPING, reason=", ".join(sorted(unknown)))
    plain = {plain_name(name): name for name in reversed(header)}
    found: dict[str, str] = {}
    for what, names in NAMES.items():
        column = next((plain[name] for name in map(plain_name, names) if name in plain), None)
        if column is not None and column not in found.values():
            found[what] = column
    found |= columns
    missing = [name for name in columns.values() if name not in header]
    if not {"card", "card_uid", "phone"} & found.keys():
        missing.append("card / phone")
    if missing:
        raise Fault(
            FaultCode.IMPORT_COLUMNS, missing=", ".join(missing), found=", ".join(header)[:400]
        )
    renamed = said.get("tiers", {}), said.get("coupons", {})
    return PeopleMapped(found, *renamed, said.get("store", ""), said.get("zone", "Asia/Shanghai"))


def read_person(
    cells: Mapping[str, str | None], row: int, how: PeopleMapped, today: date
) -> PersonRow:
    """Return a row. Fault IMPORT_ROW; what names her is not repeated in it."""
    said = {
        name: normalize("NFKC", cells.get(column) or "").strip()
        for name, column in how.columns.items()
    }
    cell = _Cells(said, row, how, today)
    card, uid = said.get("card", ""), said.get("card_uid", "")
    if card and not _CARD.fullmatch(card):
        raise cell.wrong("card")
    if uid and not _UID.fullmatch(uid):
        raise cell.wrong("card_uid")
    phone = cell.phone()
    if not (card or uid or phone):
        raise cell.wrong("phone" if "phone" in how.columns else "card")
    tier = said.get("tier", "")
    return PersonRow(
        row=row,
        card=card,
        card_uid=bytes.fromhex(uid),
        phone=phone,
        name=said.get("name", "")[: limits.NAME_CHARS_MAX],
        tier=how.tiers.get(tier, tier)[:64],
        birthday=cell.birthday(),
        joined_ms=cell.joined_ms(),
        store=said.get("store", "") or how.store,
        lots=cell.lots(),
        coupons=cell.coupons(),
        consents=cell.consents(),
    )


def card_patterns(cards: Sequence[str]) -> tuple[str, ...]:
    """Return patterns by which boxes know these numbers, one for each length where there is one.

    Numbers that could be taken for a payment code, or that share too few digits, have none.
    """
    found = []
    for length in sorted({len(card) for card in cards if card.isdecimal()}):
        some = [card for card in cards if len(card) == length and card.isdecimal()]
        low, high = min(some), max(some)
        shared = next((n for n in range(length) if low[n] != high[n]), length)
        fixed = min(shared, length - _PATTERN_OPEN[0], _PATTERN_FIXED[-1])
        fits = fixed in _PATTERN_FIXED and length - fixed in _PATTERN_OPEN
        if fits and low[:2] not in PREFIXES:
            found.append(low[:fixed] + "#" * (length - fixed))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of one row, by what they say."""

    said: Mapping[str, str]
    row: int
    how: PeopleMapped
    today: date

    def wrong(self, name: str, shown: str = "…") -> Fault:
        column = self.how.columns.get(name, name)
        return Fault(FaultCode.IMPORT_ROW, row=self.row, column=column, value=shown[:60])

    def phone(self) -> str:
        text = self.said.get("phone", "")
        if not text:
            return ""
        try:
            return normalise_phone(text)
        except Fault:
            raise self.wrong("phone") from None

    def birthday(self) -> tuple[str, int, int] | None:
        text = self.said.get("birthday", "")
        if text in _UNKNOWN:
            return None
        calendar = "lunar" if text.startswith(("农历", "lunar")) else "solar"
        bare = text.removeprefix("农历").removeprefix("lunar").strip()
        whole, short = _DATE.fullmatch(bare), _MONTH_DAY.fullmatch(bare)
        month, day = "0", "0"
        if whole:
            month, day = whole[2], whole[3]
        elif short:
            month, day = short[1], short[2]
        try:
            date(2024, int(month), int(day))
        except ValueError:
            raise self.wrong("birthday") from None
        return calendar, int(month), int(day)

    def joined_ms(self) -> int | None:
        text = self.said.get("joined", "")
        if text in _UNKNOWN:
            return None
        day = self.day("joined", text)
        local = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(self.how.zone))
        moment = round(local.astimezone(UTC).timestamp() * 1_000)
        if moment < 0 or day > self.today:
            raise self.wrong("joined", text)
        return moment

    def lots(self) -> tuple[tuple[int, date | None], ...]:
        """Return her points with their last days; a sum beside them has to be theirs."""
        listed = self.said.get("lots", "")
        whole = self.number("points", self.said.get("points", ""))
        found = []
        for one in filter(None, re.split(r"[;；|,，\s]+", listed)):
            points, _, last = one.partition("@")
            expires = self.last_day("lots", last) if last else None
            found.append((self.number("lots", points), expires))
        if found and self.said.get("points") and sum(points for points, _ in found) != whole:
            raise self.wrong("points", f"{whole} ≠ {sum(points for points, _ in found)}")
        if not found and whole:
            last = self.said.get("expires", "")
            found = [(whole, self.last_day("expires", last) if last not in _UNKNOWN else None)]
        return tuple((points, expires) for points, expires in found if points)

    def coupons(self) -> tuple[tuple[str, date], ...]:
        found = []
        for one in filter(None, re.split(r"[;；|,，]+", self.said.get("coupons", ""))):
            rule, _, last = one.strip().partition("@")
            if not rule or not last:
                raise self.wrong("coupons", one)
            found.append((self.how.coupons.get(rule, rule), self.last_day("coupons", last)))
        return tuple(found)

    def consents(self) -> dict[str, bool]:
        found = {}
        for kind in CONSENTS:
            text = self.said.get(kind, "").casefold()
            if text in _UNKNOWN:
                continue
            if text not in _YES | _NO:
                raise self.wrong(kind, text)
            found[kind] = text in _YES
        return found

    def number(self, name: str, text: str) -> int:
        bare = text.replace(",", "").removesuffix(".0").removesuffix(".00")
        if not bare:
            return 0
        if not bare.isdecimal() or int(bare) > limits.AMOUNT_FEN_MAX:
            raise self.wrong(name, text)
        return int(bare)

    def last_day(self, name: str, text: str) -> date:
        day = self.day(name, text)
        if day < self.today:
            raise self.wrong(name, text)
        return day

    def day(self, name: str, text: str) -> date:
        match = _DATE.fullmatch(text.strip())
        try:
            if match:
                return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            pass
        raise self.wrong(name, text)
