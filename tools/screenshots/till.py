"""How each state of the till screen is reached, by its keys and by what devices and cloud say."""

from edge_agent.drivers.qr.draw import drawn
from retail_core.identity.assurance import Factor
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import face_leave
from tools.screenshots import goods
from tools.screenshots.scene import Scene

LINK = "https://m.example/m/#c=8Z4KQ2M7PA"
STRANGER = "13912345678"
LINES = 60


def idle(scene: Scene) -> None:
    """Open the screen with nobody there."""
    scene.opens(clerk=False)


def ready(scene: Scene) -> None:
    """Open it with a clerk signed in."""
    scene.opens()


def sign_in(scene: Scene) -> None:
    """Begin to sign in."""
    scene.opens(clerk=False)
    scene.types("F10", "1001")


def sign_in_failed(scene: Scene) -> None:
    """Give a wrong PIN."""
    sign_in(scene)
    scene.types("Tab", "111111", "Enter")


def clerk(scene: Scene) -> None:
    """Open what a signed-in clerk may do."""
    scene.opens()
    scene.types("F10")


def asking(scene: Scene) -> None:
    """Ask who stands there."""
    scene.opens(clerk=False)
    scene.shop.event("recognition", outcome="armed", deadline_ms=3_000)


def member(scene: Scene) -> None:
    """Recognise 李敏 by her code and ring up."""
    scene.opens()
    scene.basket()


def face(scene: Scene) -> None:
    """Recognise her by the face alone."""
    scene.opens()
    scene.basket(Factor.FACE_VOTE)


def ask_again(scene: Scene) -> None:
    """Let the picture be blurred."""
    scene.opens()
    scene.shop.sees_nobody("ask", FaultCode("R104"))
    scene.rests()


def two(scene: Scene) -> None:
    """Let two members be equally likely."""
    scene.opens()
    scene.shop.sees_nobody("ask")
    scene.rests()


def unknown(scene: Scene) -> None:
    """Show a code that has expired."""
    scene.opens()
    scene.shop.sees_nobody("unknown", FaultCode("R202"))
    scene.rests()


def why(scene: Scene) -> None:
    """Ask why it costs what it costs."""
    member(scene)
    scene.types("?")


def tier(scene: Scene) -> None:
    """Ask why she holds her tier."""
    member(scene)
    scene.page.click("#tier")
    scene.rests()


def coupons(scene: Scene) -> None:
    """Choose one of her coupons."""
    member(scene)
    scene.page.click("#choose-coupons")
    scene.rests()
    scene.types("Enter")


def redeem(scene: Scene) -> None:
    """Move the slider by keys."""
    member(scene)
    scene.types("F7", *["ArrowRight"] * 8)
    scene.page.wait_for_timeout(900)


def line(scene: Scene) -> None:
    """Choose the second line."""
    scene.opens()
    scene.basket(None)
    scene.types("ArrowDown", "ArrowDown")


def long(scene: Scene) -> None:
    """Ring up sixty lines for the longest name."""
    scene.opens()
    scene.shop.sees(goods.OUYANG)
    scene.rests()
    scene.scans("box", "mask")
    lines = [{"sku": f"more-{1 + number % 60}"} for number in range(LINES - 2)]
    row = scene.shop.call("GET", "/v1/baskets?state=open", operator=scene.clerk["token"])
    path = f"/v1/baskets/{row['baskets'][-1]['basket_id']}/lines"
    scene.shop.call("POST", path, {"lines": lines}, operator=scene.clerk["token"])
    scene.rests()


def unlisted(scene: Scene) -> None:
    """Scan what nobody knows."""
    scene.opens()
    scene.scans(goods.UNLISTED)
    scene.types("12.80")


def parked(scene: Scene) -> None:
    """Put two baskets aside and list them."""
    member(scene)
    scene.types("F6")
    scene.types("Escape")
    scene.scans("sun")
    scene.types("F6", "F6")


def void(scene: Scene) -> None:
    """Begin to throw a basket away."""
    member(scene)
    scene.types("Control+Delete")


def pay(scene: Scene) -> None:
    """Begin to pay."""
    member(scene)
    scene.types("F9")


def split(scene: Scene) -> None:
    """Pay a part by WeChat."""
    pay(scene)
    scene.types("100", "w")


def changed(scene: Scene) -> None:
    """Let a price change before the money is taken."""
    pay(scene)
    scene.shop.reprices("milk", 11_800)
    scene.types("Enter")
    scene.page.wait_for_timeout(600)
    scene.shop.reprices("", 0)


def done(scene: Scene) -> None:
    """Pay in cash with change."""
    pay(scene)
    scene.types("300", "Enter")
    scene.page.wait_for_timeout(600)


def claim(scene: Scene) -> None:
    """Sell to a guest."""
    scene.opens()
    scene.basket(None)
    scene.types("F9", "Enter")
    scene.page.wait_for_timeout(900)


def refund_find(scene: Scene) -> None:
    """Look for a receipt."""
    scene.opens()
    scene.types("F8")
    scene.rests()


def refund_lines(scene: Scene) -> None:
    """Choose what comes back."""
    refund_find(scene)
    scene.page.click("#receipt-0")
    scene.rests()
    scene.page.click("#refund-more-2")
    scene.page.wait_for_timeout(600)


def refund_done(scene: Scene) -> None:
    """Pay it out."""
    refund_lines(scene)
    scene.page.click("#back-cash")
    scene.page.wait_for_timeout(600)


def phone(scene: Scene) -> None:
    """Begin to type a phone number."""
    scene.opens()
    scene.types("F3", "139")


def join(scene: Scene) -> None:
    """Type the number of a stranger."""
    scene.opens()
    scene.types("F3", STRANGER, "Enter")
    scene.rests()


def masked(scene: Scene) -> None:
    """Find 李敏 by her number."""
    scene.opens()
    scene.scans("milk", "sun")
    scene.types("F3", goods.LIMIN_PHONE[2:], "Enter")
    scene.rests()


def training(scene: Scene) -> None:
    """Practise."""
    scene.opens()
    scene.shop.event("training", lane="1", on=True)
    scene.basket(None)


def offline(scene: Scene) -> None:
    """Cut the line to the cloud."""
    member(scene)
    scene.shop.health("degraded", 37, cloud="gone")
    scene.rests()


def reader(scene: Scene) -> None:
    """Let readers fail."""
    scene.opens()
    scene.shop.health("degraded", camera="stalled", face="stalled", nfc="gone")
    scene.rests()


def turn(scene: Scene) -> None:
    """Ask for a turn of the head."""
    face(scene)
    words = {"zh": "请慢慢向左转头", "en": "Slowly turn your head to your left"}
    scene.shop.event("challenge", outcome="running", prompt="left", progress=0.33, **words)


def coach(scene: Scene) -> None:
    """Coach at the camera."""
    scene.opens()
    hint = {"hint_zh": "请靠近一点", "hint_en": "come a little closer"}
    scene.shop.event("enrol_hint", ok=False, code=None, accepted=1, wanted=3, **hint)


def consent(scene: Scene) -> None:
    """Ask a member for walking up, where headquarters let the shop."""
    _asked(scene)
    scene.types("F11")
    scene.rests()
    scene.types("ArrowDown", "Enter")
    scene.rests()


def faces(scene: Scene) -> None:
    """Open what she agreed to about her face."""
    _asked(scene)
    scene.types("F11")
    scene.rests()


def _asked(scene: Scene) -> None:
    scene.shop.agent.services.faces.leave.take(face_leave(2, walk_up=True))
    for kind, given in (("face.local", True), ("face.walk_up", False)):
        word = {"kind": kind, "given": given, "is_14_or_older": True}
        path = f"/v1/members/{goods.LIMIN}/consents"
        scene.shop.call("POST", path, word, operator=scene.clerk["token"])
    scene.opens()
    scene.shop.sees(goods.LIMIN)
    scene.rests()


def link(scene: Scene) -> None:
    """Show the link for a phone."""
    scene.opens()
    scene.shop.event("link", name="李敏", uri=LINK, expires_s=86_400, rows=drawn(LINK))


def keys(scene: Scene) -> None:
    """List the keys."""
    scene.opens()
    scene.types("F1")


def customer_open(scene: Scene) -> None:
    """Open the customer's display."""
    scene.opens(view="customer")


def customer_basket(scene: Scene) -> None:
    """Let the customer follow her basket."""
    scene.opens(view="customer")
    scene.shop.sees(goods.LIMIN)
    token = scene.clerk["token"]
    made = scene.shop.call("POST", "/v1/baskets", {"member_id": str(goods.LIMIN)}, operator=token)
    lines = [{"sku": "milk"}, {"sku": "mask", "qty": 2}, {"sku": "candy"}]
    scene.shop.call("POST", f"/v1/baskets/{made['basket_id']}/lines", {"lines": lines}, token)
    scene.rests()


def customer_consent(scene: Scene) -> None:
    """Let the customer read the consent."""
    scene.opens(view="customer")
    scene.shop.call("POST", "/v1/recruits", {"phone": STRANGER}, operator=scene.clerk["token"])
    scene.rests()
