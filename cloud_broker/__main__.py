"""`cloud-broker`: the commands of whoever runs the cloud."""

from typing import Annotated, Literal

import typer

from cloud_broker.cli import (
    clerks,
    faces,
    goods,
    growth,
    lanes,
    leases,
    ledger,
    mall,
    masters,
    models,
    partners,
    persons,
    recommend,
    setup,
)
from cloud_broker.cli.common import ConfigOption, coded_errors, settings_of

app = typer.Typer(
    help="熟客云端 / the cloud of Regulars", no_args_is_help=True, pretty_exceptions_enable=False
)
masters.add_to(goods.import_app)
GROUPS = (setup, goods, models, faces, lanes, ledger, leases, persons, partners, clerks)
for group in (*GROUPS, growth, mall, recommend):
    app.add_typer(group.app)


@app.command()
def run(
    config: ConfigOption = None,
    role: Annotated[
        Literal["all", "api", "ingest"], typer.Option(help="跑什么 what to run")
    ] = "all",
) -> None:
    """运行接口、总部页面和入账 / run the API, the HQ pages and ingest until ^C."""
    # Imported here: the other commands start without the web server and the console.
    from cloud_broker.bootstrap import serving  # noqa: PLC0415  # see above

    with coded_errors():
        serving.run(settings_of(config), role)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
