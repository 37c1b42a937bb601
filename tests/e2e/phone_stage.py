"""Phones with the member's page open, and what shops hold of their owners."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import cv2
import numpy as np
import zxingcpp
from playwright.sync_api import BrowserContext, Page, expect

from cloud_broker.domain.records import record_of
from retail_core.clock import TimeQuality
from retail_core.identity import member_code
from retail_core.wire.member import MemberRecord
from tests.e2e import browser as chrome
from tests.e2e.hq_stage import Cloud, now_ms
from tests.fakes.cloud_box import Person

MS = 1_000


@dataclass
class Phone:
    """A phone with the page open."""

    context: BrowserContext
    page: Page
    watch: chrome.Watch
    person: Person

    def qr(self) -> str:
        """Read the drawn code as a shop's camera would."""
        expect(self.page.locator(".paper .qr")).to_be_visible()
        # The whole page: the paper itself is drawn anew while one looks at it.
        picture = self.page.screenshot()
        image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
        (found,) = zxingcpp.read_barcodes(image)
        return found.text


Opened = Callable[..., Phone]


def enrolled(cloud: Cloud, name: str = "李敏") -> Person:
    """Enrol somebody at the first shop's till, with two consents."""
    box, person = cloud.boxes[0], Person(name=name, phone=str(8613900000000 + now_ms() % 10**8))
    box.sim.wall_ms = now_ms() - 1_000
    box.sim.enrols(person)
    box.sends_newest()
    for kind in ("membership", "face.local"):
        box.sim.consents(person, kind)
        box.sends_newest()
    return person


def claimed(cloud: Cloud, opens: Opened, name: str = "李敏", **look: str) -> Phone:
    """Enrol somebody and let her phone claim from the link."""
    person = enrolled(cloud, name)
    phone = opens(person, **look)
    phone.page.goto(f"{cloud.origin}/m/#c={person.claim_code}")
    expect(phone.page.locator(".paper .qr")).to_be_visible()
    return phone


def held(cloud: Cloud, member: UUID) -> MemberRecord:
    """Return the record as shops hold it."""
    with cloud.office.units.begin(cloud.boxes[0].made.tenant) as unit:
        (facts,) = unit.members.facts([member])
    return record_of(facts)


def believed(cloud: Cloud, phone: Phone, text: str) -> member_code.MemberCode:
    """Check a code as a shop does, with the public key alone."""
    code = member_code.parse(text)
    (key,) = held(cloud, phone.person.member).phone_keys
    assert key.key_id == code.key_id
    member_code.verify(code, key.public_key, now_ms() // MS, TimeQuality.SYNCED)
    return code
