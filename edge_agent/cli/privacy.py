"""`edge-agent consent …` and `edge-agent member …`: receipts checked, data handed over."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from edge_agent.bootstrap.basis import Basis, Storage, basis_of, open_storage
from edge_agent.cli.ask_agent import RunningAgent, running_agent
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.members.member_export import MemberExport
from edge_agent.services.recognition.erasing import Eraser, FaceFiles
from edge_agent.settings import load_settings
from retail_core.errors import Fault
from retail_core.identity.erasure import from_file, open_receipt, pseudonym
from retail_core.texts.faults import FaultCode

EXIT_FAULT = 3

consent_app = typer.Typer(help="同意与删除回执 / consents and receipts", no_args_is_help=True)
member_app = typer.Typer(help="会员数据 / a member's data", no_args_is_help=True)
ASK_AGAIN_S = 1.0
ConfigOption = Annotated[Path, typer.Option("--config", "-c", metavar="FILE")]
OperatorOption = Annotated[str, typer.Option(help="店员号 / operator's number, asked when needed")]
PinOption = Annotated[
    str,
    typer.Option(envvar="REGULARS_OPERATOR_PIN", help="不写就会问 / asked unseen when not given"),
]


@consent_app.command()
def verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    public_key: Annotated[
        str,
        typer.Option(help="盒子的公钥 (十六进制) / the box's public key, to be sure whose it is"),
    ] = "",
    member: Annotated[str, typer.Option(help="会员编号 / is it this member's?")] = "",
) -> None:
    """核对一份删除回执的签名 / check the signature of an erasure receipt.

    Exit codes: 0 genuine, 3 not genuine, or not this box's or this member's.
    """
    with _coded():
        signed = from_file(file.read_bytes())
        receipt = open_receipt(signed)
        if public_key and _key(public_key) != signed.public_key:
            raise Fault(FaultCode.RECEIPT_OTHER_KEY, key=signed.public_key.hex())
        if member and receipt.member != pseudonym(UUID(receipt.tenant), UUID(member)):
            raise Fault(FaultCode.RECEIPT_OTHER_MEMBER)
    typer.echo(f"回执有效 / genuine: {len(receipt.templates)} template(s), {receipt.cause}")
    if not public_key:
        # Anybody can make a key and sign with it.
        typer.echo(
            f"签名公钥 {signed.public_key.hex()}:是不是本店的盒子没有核对,用 --public-key"
            " / whether this key is the box's was not asked: use --public-key",
            err=True,
        )


def _key(said: str) -> bytes:
    try:
        return bytes.fromhex(said)
    except ValueError as error:
        msg = "不是十六进制 / not hexadecimal"
        raise typer.BadParameter(msg, param_hint="--public-key") from error


@consent_app.command()
def receipts(
    member: Annotated[str, typer.Argument(metavar="MEMBER")],
    config: ConfigOption,
    out: Annotated[Path, typer.Option(help="目录 / folder")] = Path(),
    operator: OperatorOption = "",
    pin: PinOption = "",
) -> None:
    """写出一位会员的删除回执 / write a member's erasure receipts, a file each.

    A running agent is asked, as an operator; without one the files are opened here.
    """
    with _coded():
        erasures = _collected(UUID(member), config, operator, pin)["erasures"]
        for erasure in erasures:
            path = out / f"erasure-{erasure['erasure_id']}.json"
            _write(path, json.dumps(erasure["receipt"], indent=2) + "\n")
            typer.echo(str(path))
    if not erasures:
        typer.echo("本店没有删过这位会员的人脸 / no face of this member was erased here", err=True)


@consent_app.command()
def rotate(config: ConfigOption, operator: OperatorOption = "", pin: PinOption = "") -> None:
    """换一批旋转密钥,旧的销毁;不用重新采集 / renew the rotation of every template, no new capture.

    After a suspected leak: what leaked compares with nothing any more. A running agent does it by
    itself, on a manager's word, and rests its faces for half a minute; without one the files are
    opened here.
    """
    with _coded():
        agent = running_agent(load_settings(config))
        if agent is None:
            with _opened(config) as (_basis, storage):
                epoch = storage.gallery.rotate().epoch
        else:
            epoch = _rotated_by(_signed_in(agent, operator, pin))
    typer.echo(f"第 {epoch} 批 / epoch {epoch}")


@member_app.command()
def export(
    member: Annotated[str, typer.Argument(metavar="MEMBER")],
    config: ConfigOption,
    operator: OperatorOption = "",
    pin: PinOption = "",
) -> None:
    """导出本店持有的一位会员的全部数据 (JSON) / print all this box holds of a member.

    A running agent is asked, as an operator; without one the files are opened here.
    """
    with _coded():
        said = _collected(UUID(member), config, operator, pin)
    typer.echo(json.dumps(said, ensure_ascii=False, indent=2))


def _collected(who: UUID, config: Path, operator: str, pin: str) -> Mapping[str, Any]:
    """Return a member's export, of the agent that runs or of its files."""
    agent = running_agent(load_settings(config))
    if agent is not None:
        said: Mapping[str, Any] = _signed_in(agent, operator, pin).ask(
            "GET", f"/v1/members/{who}/export"
        )
        return said
    with _opened(config) as (basis, storage):
        files, recorder = _files(storage), Recorder(storage.journal)
        eraser = Eraser(files, recorder, basis.clock, basis.ids, basis.shop, lambda _member: None)
        export = MemberExport(files, storage.journal, storage.replica, basis.clock, eraser.receipt)
        return export.collect(who)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=path, detail=error.strerror) from error


def _signed_in(agent: RunningAgent, operator: str, pin: str) -> RunningAgent:
    """Sign in; what was not given is asked for, the PIN unseen."""
    number = operator or typer.prompt("店员号 / operator", err=True)
    return agent.signed_in(number, pin or typer.prompt("PIN", hide_input=True, err=True))


def _rotated_by(agent: RunningAgent) -> int:
    """Let the agent do it and wait until it has; Fault of what went wrong."""
    agent.ask("POST", "/v1/faces/rotation", {})
    typer.echo("人脸暂停约半分钟,其余照常 / faces rest for half a minute", err=True)
    while (said := agent.ask("GET", "/v1/faces/rotation"))["running"]:
        time.sleep(ASK_AGAIN_S)
    if said["code"]:
        raise Fault(FaultCode(said["code"]))
    return int(said["epoch"])


def _files(storage: Storage) -> FaceFiles:
    return FaceFiles(storage.gallery, storage.gallery.ledger, storage.gallery.vault)


@contextmanager
def _opened(config: Path) -> Iterator[tuple[Basis, Storage]]:
    with _coded(), ExitStack() as files:
        basis = basis_of(load_settings(config), "export")
        yield basis, open_storage(basis, files)


@contextmanager
def _coded() -> Iterator[None]:
    try:
        yield
    except ValueError:
        _tell(Fault(FaultCode.API_BODY_INVALID, detail="id"))
    except Fault as fault:
        _tell(fault)


def _tell(fault: Fault) -> None:
    typer.echo(f"{fault.code} {fault.text('zh')}\n     {fault.text('en')}", err=True)
    raise typer.Exit(EXIT_FAULT)
