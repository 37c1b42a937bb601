"""How long what HQ says takes to every store."""

from dataclasses import asdict

import typer

from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.services.stores.effects import Effects

app = typer.Typer()
NAMED_MAX = 5


@app.command()
def effects(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """价格、规则、撤回的同意:多久到齐,还差哪家 / how soon in every store, and who is missing."""
    with office_of(config) as office:
        found = Effects(office.units).view(office.tenant())
    if as_json:
        say({"effects": [asdict(one) for one in found]}, as_json=True)
        return
    table = table_of(
        "什么 what", "版本/会员", "门店 stores", "p50 ms", "最后 last ms", "还差 missing"
    )
    for one in found:
        more = f" +{len(one.missing) - NAMED_MAX}" if len(one.missing) > NAMED_MAX else ""
        table.add_row(
            one.what,
            one.subject,
            f"{one.arrived}/{one.stores}",
            "-" if one.p50_ms is None else f"{one.p50_ms:,}",
            "-" if one.last_ms is None else f"{one.last_ms:,}",
            ", ".join(one.missing[:NAMED_MAX]) + more,
        )
    out.print(table)
    if not found:
        say_none("最近没有变更 / nothing was changed of late")
