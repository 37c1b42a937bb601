"""Alerts by e-mail, over the SMTP server that the settings name."""

import json
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any, Literal

from cloud_broker.ports.alerts import AlertRule
from cloud_broker.ports.posts import Post
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TIMEOUT_S = 10.0
_MS = 1_000
Security = Literal["none", "starttls", "tls"]
_SUBJECTS = {
    "alert.raised": "熟客告警",
    "alert.cleared": "熟客告警已恢复",
    "alert.test": "熟客告警测试",
}
_HEADS = {
    "alert.raised": ("出问题了", "Something is wrong"),
    "alert.cleared": ("已经好了", "It is over"),
    "alert.test": ("这是一封测试邮件,没有出问题。", "This is a test, nothing is wrong."),
}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes out; an empty host means that none is set."""

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    user: str = ""
    password: str = ""


class MailAlerts:
    """Fulfils `AlertSender`."""

    def __init__(
        self,
        server: MailServer,
        *,
        context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._server = server
        self._context = context
        self._timeout_s = timeout_s

    def send(self, rule: AlertRule, post: Post, secrets: Sequence[bytes]) -> None:
        """Hand a message over; Faults ALERT_MAIL_UNSET, ALERT_NOT_SENT, ALERT_REFUSED."""
        del secrets
        if not self._server.host or not self._server.sender:
            raise Fault(FaultCode.ALERT_MAIL_UNSET)
        try:
            with self._opened() as smtp:
                smtp.send_message(letter(self._server.sender, rule, post))
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            final = min(codes, default=0) >= 500  # noqa: PLR2004 -- SMTP's "for good"
            code = FaultCode.ALERT_REFUSED if final else FaultCode.ALERT_NOT_SENT
            raise Fault(code, reason=f"SMTP {min(codes, default=0)}") from None
        except (OSError, smtplib.SMTPException) as error:
            # The type only: a server's answer may quote what was sent.
            raise Fault(FaultCode.ALERT_NOT_SENT, reason=type(error).__name__) from None

    def _opened(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._timeout_s, context=self._context()
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=self._timeout_s)
        try:
            if server.security == "starttls":
                smtp.starttls(context=self._context())
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


def letter(sender: str, rule: AlertRule, post: Post) -> EmailMessage:
    """Return a message as mail: what, where, and what to do, in both languages."""
    said = json.loads(post.body)
    data: dict[str, Any] = said["data"]
    where = data.get("store_name") or data.get("name") or ""
    made = EmailMessage()
    made["From"] = sender
    made["To"] = Address(addr_spec=rule.target)
    parts = (_SUBJECTS[said["type"]], where, data.get("code", ""))
    made["Subject"] = " · ".join(_one_line(part) for part in parts if part)
    made["Date"] = formatdate(post.made_ms / _MS)
    made["Message-ID"] = f"<{post.post}@regulars.invalid>"
    zh, en = _HEADS[said["type"]]
    lines = [f"{zh} · {en}", "", where, data.get("zh", ""), data.get("en", ""), rule.name]
    # Base64: a server on the way need not let eight bits through.
    made.set_content("\n".join(line for line in lines if line is not None) + "\n", cte="base64")
    return made


def _one_line(text: str) -> str:
    return " ".join(text.split())
