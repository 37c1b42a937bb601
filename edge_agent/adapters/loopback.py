"""Asks the box's own API over loopback, as a till would: the whole way through it."""

import http.client

TIMEOUT_S = 5.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def answers(host: str, port: int) -> bool:
    """Tell whether the API answers, whatever it says."""
    asking = http.client.HTTPConnection(ANYWHERE.get(host, host), port, timeout=TIMEOUT_S)
    try:
        asking.request("GET", "/v1/health", headers={"Connection": "close"})
        asking.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()
    return True
