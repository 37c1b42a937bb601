"""A till as the twin wants it: its own fields, and what hangs beside its printer."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from uuid import UUID

from pydantic import ValidationError

from edge_agent.bootstrap.twin_values import with_field
from edge_agent.lane_settings import Section
from edge_agent.settings import Settings
from edge_agent.till_settings import (
    AppendConfig,
    DisplayConfig,
    EscposTill,
    FramedTill,
    ScannerConfig,
)
from retail_core.errors import Fault
from retail_core.fleet.twin import Values
from retail_core.fleet.twin_settings import TILLS, Applies, Value, placed, setting
from retail_core.texts.faults import FaultCode

OldTill = EscposTill | FramedTill

DISPLAY, SCANNER, APPEND = "display", "scanner", "append"
BESIDE: Mapping[str, type[Section]] = MappingProxyType(
    {DISPLAY: DisplayConfig, SCANNER: ScannerConfig, APPEND: AppendConfig}
)
# A section of a file is there or not; from afar slips are switched on and off.
_ON = "on"


def old_till(settings: Settings, key: str) -> OldTill:
    """Return the till a key is about, by id or name; Fault TWIN_PLACE_UNKNOWN."""
    apart = placed(key)
    name = part_of(key)[0] or apart.field
    old: tuple[OldTill, ...] = (*settings.device.escpos_tills, *settings.device.framed_tills)
    found = [
        till
        for till in old
        if apart.name in {str(till.id), till.name} and name in type(till).model_fields
    ]
    if len(found) != 1:
        raise Fault(FaultCode.TWIN_PLACE_UNKNOWN, key=key)
    return found[0]


def part_of(key: str) -> tuple[str, str]:
    """Return a till's key as its section, empty for the till's own, and the field in it."""
    section, _, name = placed(key).field.rpartition(".")
    return section, name


def of_tills(values: Values, applies: Applies | None = None) -> dict[str, Value]:
    """Return what is about tills, all of it or what comes in force in one way."""
    return {
        key: value
        for key, value in values.items()
        if placed(key).of == TILLS and applies in {None, setting(key).applies}
    }


def with_tills(settings: Settings, values: Values) -> Settings:
    """Return the settings with tills as they are wanted.

    Faults as `old_till`, TWIN_VALUE_WRONG, TWIN_TILL_INCOMPLETE.
    """
    for till, section, wanted in _parts(settings, values):
        fresh = _changed(_by_id(settings, till), section, wanted)
        tills = tuple(fresh if one.id == till else one for one in settings.device.tills)
        device = settings.device.model_copy(update={"tills": tills})
        settings = settings.model_copy(update={"device": device})
    return settings


def with_write_back(settings: Settings, values: Values) -> Settings:
    """Return the settings with what needs no line of its own; what fits no more is left out."""
    found = {key: value for key, value in values.items() if _known(settings, key)}
    for _, _, wanted in _parts(settings, found):
        try:
            settings = with_tills(settings, wanted)
        except Fault:
            continue  # its display went back to what the file says, which has none
    return settings


def incomplete(settings: Settings, values: Values) -> dict[str, str]:
    """Return the keys, with codes, of sections that would lack what they cannot be without."""
    found: dict[str, str] = {}
    for _, _, wanted in _parts(settings, values):
        try:
            with_tills(settings, wanted)
        except Fault as fault:
            found |= dict.fromkeys(wanted, fault.code.value)
    return found


def _known(settings: Settings, key: str) -> bool:
    try:
        old_till(settings, key)
    except Fault:
        return False
    return True


def _parts(settings: Settings, values: Values) -> Iterator[tuple[UUID, str, dict[str, Value]]]:
    """Yield what is wanted of each section of each till together, whichever name its keys use."""
    found: dict[tuple[UUID, str], dict[str, Value]] = {}
    for key, value in values.items():
        found.setdefault((old_till(settings, key).id, part_of(key)[0]), {})[key] = value
    for (till, section), wanted in found.items():
        yield till, section, wanted


def _by_id(settings: Settings, till: UUID) -> OldTill:
    old: tuple[OldTill, ...] = (*settings.device.escpos_tills, *settings.device.framed_tills)
    return next(one for one in old if one.id == till)


def _changed(till: OldTill, section: str, wanted: Values) -> OldTill:
    if section:
        held = getattr(till, section)
        return till.model_copy(update={section: _section(BESIDE[section], held, wanted)})
    for key, value in wanted.items():
        name = part_of(key)[1]
        if isinstance(till, EscposTill):
            till = with_field(till, name, value, key)
        else:
            till = with_field(till, name, value, key)
    return till


def _section(model: type[Section], held: Section | None, wanted: Values) -> Section | None:
    first = next(iter(wanted))
    said = {part_of(key)[1]: _typed(key, value) for key, value in wanted.items()}
    on = said.pop(_ON, None)
    if on is False:
        return None
    if model is AppendConfig and held is None and on is None:
        raise Fault(FaultCode.TWIN_TILL_INCOMPLETE, key=first)
    before = {} if held is None else held.model_dump()
    try:
        return model.model_validate({**before, **said})
    except ValidationError as error:
        wrong = [one for one in error.errors() if one["type"] != "missing"]
        if not wrong:
            raise Fault(FaultCode.TWIN_TILL_INCOMPLETE, key=first) from None
        named = {part_of(key)[1]: key for key in wanted}
        key = named.get(str(wrong[0]["loc"][0]), first)
        raise Fault(FaultCode.TWIN_VALUE_WRONG, key=key) from None


def _typed(key: str, value: Value) -> object:
    """Return a value as the file has it: lists travel as one line with commas.

    Fault TWIN_VALUE_WRONG for what is typed without saying for whom.
    """
    name = part_of(key)[1]
    if name == "cards":
        return tuple(one.strip() for one in str(value).split(","))
    if name != "inject":
        return value
    pairs = [one.partition("=") for one in str(value).split(",")]
    if not all(equals and tier.strip() for tier, equals, _ in pairs):
        raise Fault(FaultCode.TWIN_VALUE_WRONG, key=key)
    return {tier.strip(): code.strip() for tier, _, code in pairs}
