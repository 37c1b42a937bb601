"""Faces: leave for a store, how it stands, and the figures of the filing."""

from dataclasses import asdict
from typing import Annotated

import typer

from cloud_broker.cli.common import ConfigOption, JsonOption, office_of, say, say_none
from cloud_broker.services.faces.faces import (
    FILING_WORKDAYS,
    EntityCount,
    Leave,
    StoreFaces,
)
from retail_core.texts.faults import FAULTS

app = typer.Typer()
face_app = typer.Typer(help="人脸识别的启用与备案 / leave for faces", no_args_is_help=True)
app.add_typer(face_app, name="face")

StoreOption = Annotated[str, typer.Option(help="店名或编号 store name or id")]


@face_app.command()
def enable(  # noqa: PLR0913  # each is an option of the command line
    store: StoreOption,
    assessment: Annotated[str, typer.Option(help="个人信息保护影响评估编号 impact assessment")],
    signage: Annotated[str, typer.Option(help="提示标识的位置 where the signs are")],
    approved_by: Annotated[str, typer.Option(help="法务批准人 who approved")],
    approved_on: Annotated[str, typer.Option(help="批准日期 yyyy-mm-dd")],
    config: ConfigOption = None,
    *,
    walk_up: Annotated[
        bool,
        typer.Option("--walk-up", help="另行批准的走近即识别区 walk-up zone, its own decision"),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """登记评估、标识和批准后,为一家门店启用人脸 / let one store recognise faces."""
    leave = Leave(assessment, signage, approved_by, approved_on, walk_up)
    with office_of(config) as office:
        made = office.faces.enable(office.tenant(), store, leave, who="cli")
    say({"store": str(made.store), "version": made.said.version, "enabled": True}, as_json=as_json)


@face_app.command()
def disable(
    store: StoreOption, config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """停用一家门店的人脸 / switch faces off in one store."""
    with office_of(config) as office:
        made = office.faces.disable(office.tenant(), store, who="cli")
    say({"store": str(made.store), "version": made.said.version, "enabled": False}, as_json=as_json)


@face_app.command()
def status(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """各店人脸启用情况 / how every store stands."""
    with office_of(config) as office:
        found = office.faces.stores(office.tenant())
    if as_json:
        say({"stores": [_store_json(one) for one in found]}, as_json=True)
        return
    say({one.name: _store_line(one) for one in found}, as_json=False)
    if not found:
        say_none("还没有门店 / there is no store yet")


@face_app.command()
def filing(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """备案材料所需数字 / the figures of the filing, by legal entity."""
    with office_of(config) as office:
        tenant = office.tenant()
        counts, stores = office.faces.counts(tenant), office.faces.stores(tenant)
        lines = office.faces.lines
    assessments = sorted(
        {one.decision.said.assessment for one in stores if one.decision and _on(one)}
    )
    if as_json:
        values: dict[str, object] = {
            "warning_at": lines.warning,
            "filing_at": lines.alert,
            "filing_within_workdays": FILING_WORKDAYS,
            "purpose": "member recognition at the till, on separate consent",
            "assessments": assessments,
            "entities": [_count_json(one) for one in counts],
        }
        say(values, as_json=True)
        return
    say({one.persons.name: _count_line(one) for one in counts}, as_json=False)
    if not counts:
        say_none("还没有法人主体 / there is no legal entity yet")


def _on(one: StoreFaces) -> bool:
    return one.decision is not None and one.decision.said.enabled


def _store_json(one: StoreFaces) -> dict[str, object]:
    said = {} if one.decision is None else _plain(one)
    return {"store": str(one.store), "name": one.name, "enabled": _on(one), **said}


def _plain(one: StoreFaces) -> dict[str, object]:
    assert one.decision is not None  # noqa: S101 - the caller looked
    said, decided = one.decision.said, one.decision
    return {
        "walk_up": said.walk_up,
        "version": said.version,
        "assessment": said.assessment,
        "signage": said.signage,
        "approved_by": said.approved_by,
        "approved_on": said.approved_on,
        "decided_by": decided.decided_by,
        "decided_ms": decided.decided_ms,
    }


def _store_line(one: StoreFaces) -> str:
    if one.decision is None:
        return "关 off"
    said = one.decision.said
    state = "开 on" if said.enabled else "关 off"
    return f"{state}  v{said.version}  {said.assessment}  {said.approved_by} {said.approved_on}"


def _count_json(one: EntityCount) -> dict[str, object]:
    plain = {
        name: str(value) if name == "legal_entity" else value
        for name, value in asdict(one.persons).items()
    }
    return plain | {"code": None if one.code is None else one.code.value}


def _count_line(one: EntityCount) -> str:
    said = f"{one.persons.persons} 人 persons, {one.persons.stores} 店 stores"
    if one.code is None:
        return said
    text = FAULTS[one.code].zh.format(entity=one.persons.name, count=one.persons.persons)
    return f"{said}  {one.code.value} {text}"
