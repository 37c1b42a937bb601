"""The summary of known persons that every box carries."""

from typing import Annotated

import typer

from cloud_broker.cli.common import ConfigOption, JsonOption, office_of, say

app = typer.Typer()
persons = typer.Typer(help="会员名单摘要 / the summary of known persons", no_args_is_help=True)
app.add_typer(persons, name="persons")


@persons.command("publish-filter")
def publish_filter(
    config: ConfigOption = None,
    *,
    whole: Annotated[
        bool, typer.Option("--whole", help="整个重做,不只发新增 make it anew")
    ] = False,
    capacity: Annotated[
        int, typer.Option(min=0, max=500_000_000, help="按多少人设计 made for how many persons")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """发布会员名单摘要,供断网时辨认老会员 / publish it: boxes know regulars without a line."""
    with office_of(config) as office:
        made = office.filters.publish(office.tenant(), who="cli", whole=whole, capacity=capacity)
    if made is None:
        say({"published": False}, as_json=as_json)
        return
    say(
        {
            "published": True,
            "version": made.version.version,
            "persons": made.version.persons,
            "capacity": made.version.capacity,
            "whole": made.whole,
            "size_bytes": made.version.size,
            "sent_bytes": made.sent_bytes,
            "mistaken_permille": round(made.mistakes * 1_000, 3),
        },
        as_json=as_json,
    )
