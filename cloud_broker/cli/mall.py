"""The points mall from the command line: what it offers, its stock, orders, gifts handed over."""

from typing import Annotated
from uuid import UUID

import typer

from cloud_broker.bootstrap import Office
from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.services.growth.mall import MallDesk
from cloud_broker.services.growth.mall_files import handed_csv, orders_csv, stock_csv
from cloud_broker.services.published.rules_in_force import RulesInForce
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

app = typer.Typer()
mall_app = typer.Typer(help="积分商城 / the points mall", no_args_is_help=True)
app.add_typer(mall_app, name="mall")

TokenOption = Annotated[
    str,
    typer.Option(
        envvar="REGULARS_HQ_TOKEN",
        help="是谁在操作:总部账号的 API 令牌 / who acts: a person's API token",
    ),
]


@mall_app.command()
def items(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """列出商城礼品和各店库存 / what the mall offers and what lies where."""
    with office_of(config) as office:
        offered, stock, _, places = _desk(office).overview(office.tenant())
    names = {one.store: one.name for one in places}
    if as_json:
        shelves = {
            item.id: {names.get(row.store, ""): row.free for row in stock if row.item == item.id}
            for item in offered
        }
        say({"items": shelves}, as_json=True)
        return
    table = table_of("编号 id", "名称 name", "积分 points", "门店 store", "库存 stock", "已留 kept")
    for item in offered:
        own = [row for row in stock if row.item == item.id]
        for row in own:
            shown = (names.get(row.store, ""), str(row.stock), str(row.reserved))
            table.add_row(item.id, item.name, str(item.points), *shown)
        if not own:
            table.add_row(item.id, item.name, str(item.points), "", "0", "0")
    out.print(table)
    if not offered:
        say_none("规则包里没有商城礼品 / the rule bundle offers no gifts")


@mall_app.command()
def stock(  # each is an option of the command line
    item: Annotated[str, typer.Argument(help="礼品编号 item id")],
    store: Annotated[str, typer.Argument(help="门店名或编号 the store's name or id")],
    count: Annotated[int, typer.Argument(min=0, max=1_000_000, help="店里有几件 how many")],
    token: TokenOption,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """设某店的库存 / say how much of an item lies in a store."""
    with office_of(config) as office:
        desk, who = _desk(office), office.access.who(token)
        row = desk.set_stock(who, item, _store(desk, who.tenant_id, store), count)
    values = {"item": row.item, "stock": row.stock, "reserved": row.reserved, "free": row.free}
    say(values, as_json=as_json)


@mall_app.command("csv")
def as_csv(
    what: Annotated[str, typer.Argument(help="stock | orders | gifts")],
    config: ConfigOption = None,
) -> None:
    """导出 CSV / write a table to standard output."""
    with office_of(config) as office:
        desk, tenant, zone = _desk(office), office.tenant(), office.settings.zone
        _, rows, orders, places = desk.overview(tenant)
        names = {one.store: one.name for one in places}
        match what:
            case "stock":
                text = stock_csv(rows, names)
            case "orders":
                text = orders_csv(orders, names, zone)
            case "gifts":
                text = handed_csv(desk.handed(tenant), names, zone)
            case _:
                raise Fault(FaultCode.API_BODY_INVALID, detail=what)
    typer.echo(text, nl=False)


def _desk(office: Office) -> MallDesk:
    return MallDesk(office.units, office.clock, RulesInForce(office.settings.zone))


def _store(desk: MallDesk, tenant: UUID, named: str) -> UUID:
    """Return a store by name or id (Fault API_NOT_FOUND)."""
    for place in desk.overview(tenant)[3]:
        if named in {place.name, str(place.store)}:
            return place.store
    raise Fault(FaultCode.API_NOT_FOUND, what=f"store {named!r}")
