"""What a test reads off a page of the console."""

import re

ORIGIN = "https://hq.example"
SAME = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}


def notice(page: str) -> str:
    found = re.search(r'<div id="notice"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert found is not None
    return found.group(1).strip()


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page)
    assert found is not None
    return found.group(1)
