"""`cloud-broker`: the commands of whoever runs the cloud."""

from typing import Annotated, Literal

import typer

from cloud_broker.cli import (
    alerts,
    backup,
    campaigns,
    cleaning,
    clerks,
    collect,
    downlink,
    effects,
    enrol,
    event_log,
    exports,
    faces,
    goods,
    growth,
    hooks,
    identity,
    import_files,
    insight,
    lanes,
    leases,
    ledger,
    linking,
    links,
    mall,
    masters,
    models,
    partners,
    persons,
    privacy,
    recommend,
    releases,
    roi,
    segments,
    setup,
    steering,
    stock,
    sync,
    tags,
)
from cloud_broker.cli.common import ConfigOption, coded_errors, settings_of
from retail_core.terminal import guard_terminal

app = typer.Typer(
    help="熟客云端 / the cloud of Regulars", no_args_is_help=True, pretty_exceptions_enable=False
)
masters.add_to(goods.import_app)
import_files.add_to(goods.import_app)
exports.add_to(clerks.export_app)
tags.add_to(insight.insight_app)
segments.add_to(insight.insight_app)
campaigns.add_to(insight.insight_app)
linking.add_to(insight.insight_app)
identity.add_to(insight.insight_app)
cleaning.add_to(insight.insight_app)
roi.add_to(insight.insight_app)
stock.add_to(insight.insight_app)
GROUPS = (setup, enrol, goods, models, faces, lanes, ledger, leases, persons, partners, clerks)
FURTHER = (insight, steering, releases, alerts, downlink, hooks, links, collect, privacy)
for group in (*GROUPS, *FURTHER, growth, mall, recommend, sync, backup, event_log, effects):
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


@app.command()
def ingest(config: ConfigOption = None) -> None:
    """只跑入账,可以同时开几个进程 / run ingest alone; several processes share the load."""
    run(config, "ingest")


def main() -> None:
    """Run the command line."""
    guard_terminal()
    app()


if __name__ == "__main__":
    main()
