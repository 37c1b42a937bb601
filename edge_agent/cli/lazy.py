"""Commands loaded when they are called: a box's processor is slow, and most are rarely used."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group


def loading_later(later: Mapping[str, str]) -> type[TyperGroup]:
    """Return a group with further commands, each by name as `module:attribute`.

    The attribute is a `typer.Typer` or a function that is a command by itself.
    """

    # Typer keeps the classes of contexts and commands to itself: hence the two Any.
    class Later(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return [*super().list_commands(ctx), *later]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name not in later:
                return super().get_command(ctx, cmd_name)
            module, _, attribute = later[cmd_name].partition(":")
            return _command(cmd_name, getattr(import_module(module), attribute))

    return Later


def _command(name: str, found: typer.Typer | Callable[..., None]) -> TyperCommand | TyperGroup:
    if isinstance(found, typer.Typer):
        group = get_group(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return cast("TyperCommand", get_command(alone))
