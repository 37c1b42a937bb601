"""Advertisements by WeChat: subscription messages (订阅消息) of a mini-program or service account.

A template's text is a line for each of its fields (`thing1={coupon}`); its code is WeChat's id of
the template. A token is fetched once and kept until shortly before its end; one that WeChat takes
back early is fetched anew, once. WeChat knows no idempotency: an answer that was lost after the
message went out is given up, since nobody wants it twice.
"""

import http.client
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.messages import Outgoing
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

HOME: Final = "https://api.weixin.qq.com"
TIMEOUT_S: Final = 5.0
ANSWER_BYTES_MAX: Final = 64 * 1024
_EARLY_MS: Final = 300_000
_MS: Final = 1_000
_OK: Final = 200
# An access token that is not valid (any more).
_TOKEN_OVER: Final = frozenset({40001, 40014, 42001})
# Busy, or more than the account's minute or day allows.
_LATER: Final = frozenset({-1, 45009, 45011})


@dataclass(frozen=True, slots=True)
class WeChatAccount:
    """An account that sends; `page` is where a tap on the message leads.

    A mini-program, or the `service` account (服务号) that members sign in by on the page.
    """

    app_id: str
    app_secret: str
    page: str = ""
    home: str = HOME
    service: bool = False


class WeChatMessages:
    """Fulfils `MessageSender`."""

    def __init__(
        self, account: WeChatAccount, clock: Clock, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        parts = urlsplit(account.home)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            detail = account.home
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="wechat_home", detail=detail)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._account = account
        self._clock = clock
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._token, self._until_ms = "", 0

    def send(self, message: Outgoing) -> str:
        """Hand a message over; return WeChat's name for it.

        Faults MESSAGE_NOT_SENT when trying again can help, MESSAGE_REFUSED when it cannot.
        """
        body = {
            "touser": message.address,
            "template_id": message.provider_code,
            "data": fields_of(message.text),
        }
        if self._account.page:
            body["page"] = self._account.page
        said = self._said(body, self._fetched())
        if said.get("errcode") in _TOKEN_OVER:
            said = self._said(body, self._fetched(anew=True))
        code = said.get("errcode")
        if code == 0:
            return str(said.get("msgid", ""))
        kind = FaultCode.MESSAGE_NOT_SENT if code in _LATER else FaultCode.MESSAGE_REFUSED
        raise Fault(kind, channel="wechat", reason=f"errcode {code}")

    def _said(self, body: Mapping[str, Any], token: str) -> dict[str, Any]:
        verb = "bizsend" if self._account.service else "send"
        path = f"/cgi-bin/message/subscribe/{verb}?access_token={quote(token, safe='')}"
        try:
            return self._post(path, body)
        except TimeoutError:
            # It may have gone out: saying so is better than sending it a second time.
            raise Fault(FaultCode.MESSAGE_REFUSED, channel="wechat", reason="no answer") from None

    def _fetched(self, *, anew: bool = False) -> str:
        with self._lock:
            now_ms = self._clock.now_ms()
            if anew or now_ms >= self._until_ms:
                body = {
                    "grant_type": "client_credential",
                    "appid": self._account.app_id,
                    "secret": self._account.app_secret,
                    "force_refresh": anew,
                }
                try:
                    said = self._post("/cgi-bin/stable_token", body)
                except TimeoutError:
                    raise _not_sent("token: no answer") from None
                token = said.get("access_token")
                if not isinstance(token, str) or not token:
                    raise _not_sent(f"token: errcode {said.get('errcode')}")
                life_ms = int(said.get("expires_in", 0)) * _MS
                self._token, self._until_ms = token, now_ms + max(0, life_ms - _EARLY_MS)
            return self._token

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        content = json.dumps(body, ensure_ascii=False).encode()
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request("POST", path, content, {"Content-Type": "application/json"})
            with connection.getresponse() as response:
                status, answer = response.status, response.read(ANSWER_BYTES_MAX)
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise _not_sent(type(error).__name__) from None
        finally:
            connection.close()
        if status != _OK:
            raise _not_sent(f"HTTP {status}")
        try:
            said = json.loads(answer)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise _not_sent("no JSON")
        return said


def fields_of(text: str) -> dict[str, dict[str, str]]:
    """Return a template's fields as WeChat takes them: a line each, `name=value`."""
    lines = (line.partition("=") for line in text.splitlines())
    return {name.strip(): {"value": value.strip()} for name, is_one, value in lines if is_one}


def _not_sent(reason: str) -> Fault:
    return Fault(FaultCode.MESSAGE_NOT_SENT, channel="wechat", reason=reason)
