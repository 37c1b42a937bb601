"""The counter's tags: the address of each lane, as text, as NDEF bytes and as a code to print."""

from typing import Annotated
from uuid import UUID

import segno
import typer

from cloud_broker.cli.common import ConfigOption, JsonOption, coded_errors, office_of, say
from cloud_broker.services.members.checkins import CheckIns, lane_url, ndef_of
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

app = typer.Typer()


@app.command("lane-tag")
def lane_tag(
    store: Annotated[str, typer.Option(help="店名或编号 store name or id")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """柜台标签:每个收银台的网址与二维码 / print each lane's address for its NFC tag, and a code."""
    with office_of(config) as office, coded_errors():
        tenant = office.tenant()
        with office.units.begin(tenant) as unit:
            found = store_of(store, unit.fleet.store_names())
        tags = CheckIns(office.units, office.clock, office.ids).tags(tenant, found)
        urls = {tag.name: lane_url(office.settings.url_for_stores, found, tag.lane) for tag in tags}
    for name, url in urls.items():
        say({"lane": name, "url": url, "ndef": ndef_of(url).hex()}, as_json=as_json)
        if not as_json:
            segno.make_qr(url, error="m").terminal(compact=True)


def store_of(named: str, names: dict[UUID, str]) -> UUID:
    """Return the store of this name or id; Fault API_NOT_FOUND."""
    for store, name in names.items():
        if named in {name, str(store)}:
            return store
    raise Fault(FaultCode.API_NOT_FOUND, what=f"store {named!r}")
