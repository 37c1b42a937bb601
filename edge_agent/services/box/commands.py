"""Commands on the box: asked for, begun once, ended once, whatever breaks in between.

    asked ──the cloud lets it begin──▶ executing ──▶ ended ──the cloud has noted it──▶ forgotten

Each state is on disk before the next step. A command found executing at a start was cut off: it is
not done twice, and what was to restart the program has succeeded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import structlog

from edge_agent.ports.documents import Documents
from retail_core.errors import Fault
from retail_core.fleet.commands import CommandState
from retail_core.texts.faults import FaultCode
from retail_core.wire.fleet import COMMANDS_MAX, CommandSheet, CommandTold

KEPT_AS = "commands"
DETAIL_CHARS_MAX = 2_000
RESTART = "restart"
DRY = "dry"

# What was done, in words; None where only the next start ends it.
Action = Callable[[Mapping[str, str]], str | None]
log = structlog.get_logger("commands")


class Held(msgspec.Struct, frozen=True):
    """One command on disk; `state` is `asked`, `executing` or how it ended."""

    kind: str
    state: str
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _End:
    state: CommandState
    code: str = ""
    detail: str = ""


class CommandRunner:
    """Used from the fleet's thread alone."""

    def __init__(self, documents: Documents, actions: Mapping[str, Action]) -> None:
        self._documents = documents
        self._actions = actions
        self._held = _kept(documents)
        for name, one in list(self._held.items()):
            if one.state == CommandState.EXECUTING:
                self._end(name, one, _cut_off(one.kind))

    def ended(self) -> tuple[CommandTold, ...]:
        """Return the commands whose end the cloud has not noted yet."""
        return tuple(
            CommandTold(bytes.fromhex(name), one.state, one.code, one.detail)
            for name, one in self._held.items()
            if one.state not in {"asked", CommandState.EXECUTING}
        )[:COMMANDS_MAX]

    def noted(self, ids: tuple[bytes, ...]) -> None:
        """Forget what the cloud has noted."""
        gone = {one.hex() for one in ids} & self._held.keys()
        gone = {one for one in gone if self._held[one].state not in {"asked", "executing"}}
        if gone:
            self._put({name: one for name, one in self._held.items() if name not in gone})

    def asking(self, waiting: tuple[CommandSheet, ...]) -> tuple[bytes, ...]:
        """Return the command to ask for, on disk as asked for; those asked for before come first.

        What was asked for and is neither allowed nor offered any more is forgotten.
        """
        asked = [name for name, one in self._held.items() if one.state == "asked"]
        if asked:
            return (bytes.fromhex(asked[0]),)
        fresh = [one for one in waiting if one.id.hex() not in self._held]
        if not fresh:
            return ()
        self._put(self._held | {fresh[0].id.hex(): Held(fresh[0].kind, "asked")})
        return (fresh[0].id,)

    def forget(self, command_id: bytes) -> None:
        """Forget an asked command that was not allowed to begin."""
        self._put({name: one for name, one in self._held.items() if name != command_id.hex()})

    def run(self, sheet: CommandSheet) -> None:
        """Do an asked command that may begin."""
        name = sheet.id.hex()
        begun = Held(sheet.kind, CommandState.EXECUTING.value)
        self._put(self._held | {name: begun})
        end = self._done(sheet)
        if end is not None:
            self._end(name, begun, end)

    def _done(self, sheet: CommandSheet) -> _End | None:
        action = self._actions.get(sheet.kind)
        if action is None:
            return _End(CommandState.REFUSED, FaultCode.COMMAND_UNKNOWN.value)
        if sheet.dry:
            return _End(CommandState.SUCCESSFUL, detail=DRY)
        try:
            detail = action(sheet.args)
        except Fault as fault:
            return _End(CommandState.FAILED, fault.code.value, fault.text("zh"))
        except Exception as error:  # noqa: BLE001 -- one broken command must not end the others
            log.warning("command_broke", kind=sheet.kind, error=type(error).__name__)
            return _End(CommandState.FAILED, FaultCode.COMMAND_BROKE.value, type(error).__name__)
        return None if detail is None else _End(CommandState.SUCCESSFUL, detail=detail)

    def _end(self, name: str, one: Held, end: _End) -> None:
        said = Held(one.kind, end.state.value, end.code, end.detail[:DETAIL_CHARS_MAX])
        self._put(self._held | {name: said})

    def _put(self, held: dict[str, Held]) -> None:
        self._documents.put(KEPT_AS, {name: msgspec.to_builtins(one) for name, one in held.items()})
        self._held = held


def _cut_off(kind: str) -> _End:
    if kind == RESTART:
        return _End(CommandState.SUCCESSFUL)
    return _End(CommandState.FAILED, FaultCode.COMMAND_INTERRUPTED.value)


def _kept(documents: Documents) -> dict[str, Held]:
    found = documents.get(KEPT_AS)
    try:
        return {} if found is None else msgspec.convert(found, dict[str, Held])
    except msgspec.ValidationError:
        return {}
