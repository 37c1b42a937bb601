"""WeChat's word on who somebody is: web authorisation inside its app (OAuth 2, H5)."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WeChatPerson:
    """Who WeChat says it is: by our account, and by our company ("" where there is no other)."""

    openid: str = field(repr=False)
    unionid: str = field(default="", repr=False)


class WeChat(Protocol):
    """Asks WeChat."""

    def address(self, back: str, state: str) -> str:
        """Return where a phone goes to agree; it comes back to `back` with a code and `state`."""
        ...

    def person(self, code: str) -> WeChatPerson:
        """Return who agreed; Fault E120 when WeChat knows nothing of the code, or says nothing."""
        ...
