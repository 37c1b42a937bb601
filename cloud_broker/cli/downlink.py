"""What stores hold: how much, a snapshot made now, feeds pruned now."""

from typing import Annotated
from uuid import UUID

import typer

from cloud_broker.bootstrap.office import Office
from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.services.stores.snapshots import Snapshots
from cloud_broker.services.stores.store_sets import StoreSets
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.snapshot import open_manifest

app = typer.Typer()
downlink_app = typer.Typer(help="店里手里有什么 / what stores hold", no_args_is_help=True)
app.add_typer(downlink_app, name="downlink")

StoreOption = Annotated[str, typer.Option("--store", help="店名 the store's name")]


@downlink_app.command("sets")
def sets(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """每店持有多少会员 / how many members each store holds."""
    with office_of(config) as office:
        names = _names(office)
        sizes = StoreSets(office.units, office.clock).sizes(office.tenant())
    if as_json:
        rows = [
            {"store": names.get(one.store, ""), "home": one.home, "visitors": one.visitors}
            for one in sizes
        ]
        say({"sets": rows}, as_json=True)
        return
    table = table_of("门店 store", "本店 at home", "来过 visitors")
    for one in sizes:
        table.add_row(names.get(one.store, str(one.store)), str(one.home), str(one.visitors))
    out.print(table)
    if not sizes:
        say_none("还没有门店持有会员 / no store holds a member yet")


@downlink_app.command("snapshot")
def snapshot(
    store: StoreOption, config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """现在就给一家店做一份 / make a store's snapshot now."""
    with office_of(config) as office:
        found = [one for one, name in _names(office).items() if name == store]
        if not found:
            raise Fault(FaultCode.API_NOT_FOUND, what=store)
        content = Snapshots(office.units, office.clock).make(office.tenant(), found[0])
    made = open_manifest(content)
    size = sum(one.size for one in made.segments)
    told = {"members": made.rows, "segments": len(made.segments), "bytes": size, "base": made.base}
    say(told, as_json=as_json)


@downlink_app.command("prune")
def prune(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """清理旧变更,移出久未来的客人 / prune feeds and release visitors now."""
    with office_of(config) as office:
        work, tenant = StoreSets(office.units, office.clock), office.tenant()
        now, pruned, released = office.clock.now_ms(), 0, 0
        while done := work.prune(tenant, now):
            pruned += done
        while done := work.release(tenant, now):
            released += done
    say({"positions_pruned": pruned, "visits_looked_at": released}, as_json=as_json)


def _names(office: Office) -> dict[UUID, str]:
    with office.units.begin(office.tenant()) as unit:
        return unit.fleet.store_names()
