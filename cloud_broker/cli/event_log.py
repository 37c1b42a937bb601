"""The event log: its months, old ones put away, and all of it again from any point."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from cloud_broker.adapters.clock_system import SystemClock
from cloud_broker.adapters.postgres import event_months
from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    coded_errors,
    office_of,
    say,
    say_none,
    settings_of,
)
from cloud_broker.services.insight.replaying import Replaying, place_of, told
from cloud_broker.settings import Settings

KEEP_MONTHS_MIN = 13
_MS = 1_000
_MIB = 1024 * 1024

app = typer.Typer()
group = typer.Typer(help="事件日志按月分区 / the event log by month", no_args_is_help=True)
app.add_typer(group, name="event-log")


@group.command("months")
def months(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """列出各月 / list the months, with rows and MiB."""
    with coded_errors():
        found = event_months.months(_owner_url(settings_of(config)))
    say({one.name: _text(one) for one in found}, as_json=as_json)
    if not found and not as_json:
        say_none("还没有事件 / there are no events yet")


@group.command("put-away")
def put_away(
    keep_months: Annotated[
        int, typer.Option(min=KEEP_MONTHS_MIN, help="保留几个整月 whole months to keep")
    ] = 24,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """把更早的月份整月移到 event_archive / detach older months, whole, into event_archive."""
    with coded_errors():
        today = datetime.fromtimestamp(SystemClock().now_ms() / _MS, UTC).date()
        done = event_months.put_away(_owner_url(settings_of(config)), keep_months, today)
    say({one.name: _text(one) for one in done}, as_json=as_json)
    if not done and not as_json:
        say_none("没有更早的月份要移走 / no month is old enough to be put away")


@group.command("replay")
def replay(
    begin: Annotated[
        str,
        typer.Option("--from", help="从时间或上次打印的 at 之后 a time, or an `at` printed before"),
    ],
    until: Annotated[str, typer.Option(help="到这个时间为止 up to a time")] = "",
    kind: Annotated[
        list[str] | None, typer.Option("--type", help="类别开头,可多次 what types begin with")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="最多几条 at most so many")] = None,
    config: ConfigOption = None,
) -> None:
    """按一个顺序重放销售和渠道事件,每行一个 JSON / sales and channels' events, a JSON a line."""
    with office_of(config) as office:
        after = place_of(begin)
        end = place_of(until).received_us if until else None
        rows = Replaying(office.units, office.clock).rows(office.tenant(), after, end, kind or ())
        for number, one in enumerate(rows, start=1):
            typer.echo(json.dumps(told(one), ensure_ascii=False))
            if number == limit:
                return


def _owner_url(settings: Settings) -> str:
    return (settings.migrate_url or settings.database_url).get_secret_value()


def _text(month: event_months.EventMonth) -> str:
    return f"{month.rows} rows, {month.bytes / _MIB:.1f} MiB"
