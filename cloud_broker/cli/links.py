"""Which account of HQ belongs to whom the company's sign-in service knows."""

from typing import Annotated

import typer

from cloud_broker.bootstrap.sign_in import link_desk
from cloud_broker.cli.common import ConfigOption, JsonOption, office_of, say, say_none
from cloud_broker.ports.links import LinkKind
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

app = typer.Typer()
links_app = typer.Typer(
    help="公司账号对应总部账号 / accounts of the company's sign-in service", no_args_is_help=True
)
app.add_typer(links_app, name="hq-link")
SubjectOption = Annotated[str, typer.Option(help="登录服务里的编号 sub")]
EmailOption = Annotated[str, typer.Option(help="登录服务核实过的邮箱 a verified mail address")]


@links_app.command("add")
def add(
    login: Annotated[str, typer.Argument(help="总部登录名 the login at HQ")],
    subject: SubjectOption = "",
    email: EmailOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """对应一个;角色还是总部账号自己的 / link one; the role stays the account's own."""
    with office_of(config) as office:
        issuer, (kind, value) = _issuer(office.settings), _named(subject, email)
        link = link_desk(office).add(office.tenant(), login, issuer, kind, value)
    say({"login": login, link.kind: link.value, "issuer": link.issuer}, as_json=as_json)


@links_app.command("list")
def list_links(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """列出 / list them."""
    with office_of(config) as office:
        found = link_desk(office).links(office.tenant())
    for link, login in found:
        say({"login": login, link.kind: link.value, "issuer": link.issuer}, as_json=as_json)
    if not found:
        say_none("没有对应过公司账号,用 hq-link add / no account is linked yet: hq-link add")


@links_app.command("remove")
def remove(
    subject: SubjectOption = "",
    email: EmailOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """不再对应 / end one."""
    with office_of(config) as office:
        issuer, (kind, value) = _issuer(office.settings), _named(subject, email)
        link_desk(office).end(office.tenant(), issuer, kind, value)
    say({"removed": value}, as_json=as_json)


def _named(subject: str, email: str) -> tuple[LinkKind, str]:
    if bool(subject) == bool(email):
        raise Fault(FaultCode.API_BODY_INVALID, detail="--subject / --email")
    return ("subject", subject) if subject else ("email", email)


def _issuer(settings: Settings) -> str:
    if settings.oidc is None:
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="settings", detail="oidc: missing")
    return settings.oidc.issuer
