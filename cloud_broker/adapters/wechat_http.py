"""WeChat's web authorisation over HTTP, as its documents have it: snsapi_base, nothing but ids.

The address to agree at is `/connect/oauth2/authorize` of `open`, the code is changed for ids at
`/sns/oauth2/access_token` of `api`. Tokens are not kept: nothing is ever asked in her name.
"""

import http.client
import json
from urllib.parse import urlencode, urlsplit

from cloud_broker.ports.wechat import WeChatPerson
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

OPEN = "https://open.weixin.qq.com"
API = "https://api.weixin.qq.com"
TIMEOUT_S = 4.0
ANSWER_BYTES_MAX = 64 * 1024
ID_CHARS_MAX = 128
_OK = 200


class HttpWeChat:
    """Fulfils `WeChat`."""

    def __init__(
        self,
        app_id: str,
        secret: str,
        *,
        at: str = OPEN,
        api: str = API,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._app_id, self._secret = app_id, secret
        self._at = at.rstrip("/")
        parts = urlsplit(api)
        if parts.hostname is None or parts.scheme not in {"http", "https"}:
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="wechat_api", detail=api)
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._timeout_s = timeout_s

    def address(self, back: str, state: str) -> str:
        """Return where a phone goes to agree; it comes back to `back` with a code and `state`."""
        # The order of the names is WeChat's: it refuses another one.
        asked = urlencode(
            {
                "appid": self._app_id,
                "redirect_uri": back,
                "response_type": "code",
                "scope": "snsapi_base",
                "state": state,
            }
        )
        return f"{self._at}/connect/oauth2/authorize?{asked}#wechat_redirect"

    def person(self, code: str) -> WeChatPerson:
        """Return who agreed; Fault E120 when WeChat knows nothing of the code, or says nothing."""
        asked = urlencode(
            {
                "appid": self._app_id,
                "secret": self._secret,
                "code": code,
                "grant_type": "authorization_code",
            }
        )
        try:
            status, content = self._get(f"/sns/oauth2/access_token?{asked}")
            said = json.loads(content) if status == _OK else {}
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Fault(FaultCode.WECHAT_REFUSED, why=type(error).__name__) from None
        if not isinstance(said, dict) or not _is_id(said.get("openid")):
            why = said.get("errcode", status) if isinstance(said, dict) else status
            raise Fault(FaultCode.WECHAT_REFUSED, why=str(why)[:32])
        union = said.get("unionid", "")
        return WeChatPerson(said["openid"], union if _is_id(union) else "")

    def _get(self, path: str) -> tuple[int, bytes]:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request("GET", path, headers={"Accept": "application/json"})
            with connection.getresponse() as response:
                return response.status, response.read(ANSWER_BYTES_MAX)
        finally:
            connection.close()


def _is_id(said: object) -> bool:
    return isinstance(said, str) and 0 < len(said) <= ID_CHARS_MAX and said.isascii()
