"""Nightly exports for partners and reports."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cloud_broker.bootstrap.exports import exporter_of
from cloud_broker.cli.common import ConfigOption, JsonOption, office_of, say, say_none
from cloud_broker.services.outward.exporting import Manifest

_MS = 1_000


def nightly(
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="只做这一天 this business day alone"),
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """导出昨天和迟到的几天,做过又没变的不再做 / export yesterday and what came late."""
    with office_of(config) as office:
        exporter, tenant = exporter_of(office), office.tenant()
        if day is None:
            made = exporter.nightly(tenant)
        else:
            one = exporter.day(tenant, day.date())
            made = () if one is None else (one,)
    for manifest in made:
        say(_said(manifest), as_json=as_json)
    if not made:
        say_none("没有要导出的:都做过,账没有变 / nothing to export: all is there, no books changed")


def list_days(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """列出有导出的营业日 / the business days there is an export of."""
    with office_of(config) as office:
        shelf, tenant = exporter_of(office).shelf, office.tenant()
        made = [shelf.newest(tenant, day) for day in shelf.days(tenant)]
    for manifest in made:
        if manifest is not None:
            say(_said(manifest), as_json=as_json)
    if not made:
        say_none("还没有导出,现在做用 export nightly / there is no export yet: export nightly")


def verify(
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="营业日 business day")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """重读一天的文件,和清单、和账核对 / read a day again: hashes, and rows against the books."""
    with office_of(config) as office:
        exporter, tenant, which = exporter_of(office), office.tenant(), day.date()
        manifest = exporter.shelf.verify(tenant, which)
        exporter.check_books(tenant, manifest)
    say(_said(manifest) | {"verified": True}, as_json=as_json)


def add_to(group: typer.Typer) -> None:
    """Add the commands to `cloud-broker export`."""
    group.command("nightly")(nightly)
    group.command("list")(list_days)
    group.command("verify")(verify)


def _said(manifest: Manifest) -> dict[str, object]:
    made = datetime.fromtimestamp(manifest.made_ms // _MS, UTC)
    return {
        "day": str(manifest.day),
        "revision": manifest.revision,
        "made": f"{made:%F %T} UTC",
        "rows": {one.name: one.rows for one in manifest.files},
    }
