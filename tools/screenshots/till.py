"""How each state of the till screen is reached, by its keys and by what devices and cloud say."""

from edge_agent.drivers.qr.draw import drawn
from retail_core.identity.assurance import Factor
from retail_core.texts.faults import FaultCode
from tools.screenshots import goods
from tools.screenshots.scene import Scene

LINK = "https://m.example/m/#c=8Z4KQ2M7PA"
STRANGER = "13912345678"
LINES = 60


def idle(scene: Scene) -> None:
    """Get to: idle."""
    scene.opens(clerk=False)


def ready(scene: Scene) -> None:
    """Get to: ready."""
    scene.opens()


def sign_in(scene: Scene) -> None:
    """Get to: sign in."""
    scene.opens(clerk=False)
    scene.types("F10", "1001")


def sign_in_failed(scene: Scene) -> None:
    """Get to: sign in failed."""
    sign_in(scene)
    scene.types("Tab", "111111", "Enter")


def clerk(scene: Scene) -> None:
    """Get to: clerk."""
    scene.opens()
    scene.types("F10")


def asking(scene: Scene) -> None:
    """Get to: asking."""
    scene.opens(clerk=False)
    scene.shop.event("recognition", outcome="armed", deadline_ms=3_000)


def member(scene: Scene) -> None:
    """Get to: member."""
    scene.opens()
    scene.basket()


def face(scene: Scene) -> None:
    """Get to: face."""
    scene.opens()
    scene.basket(Factor.FACE_VOTE)


def ask_again(scene: Scene) -> None:
    """Get to: ask again."""
    scene.opens()
    scene.shop.sees_nobody("ask", FaultCode("R104"))
    scene.rests()


def two(scene: Scene) -> None:
    """Get to: two."""
    scene.opens()
    scene.shop.sees_nobody("ask")
    scene.rests()


def unknown(scene: Scene) -> None:
    """Get to: unknown."""
    scene.opens()
    scene.shop.sees_nobody("unknown", FaultCode("R202"))
    scene.rests()


def why(scene: Scene) -> None:
    """Get to: why."""
    member(scene)
    scene.types("?")


def tier(scene: Scene) -> None:
    """Get to: tier."""
    member(scene)
    scene.page.click("#tier")
    scene.rests()


def coupons(scene: Scene) -> None:
    """Get to: coupons."""
    member(scene)
    scene.page.click("#choose-coupons")
    scene.rests()
    scene.types("Enter")


def redeem(scene: Scene) -> None:
    """Get to: redeem."""
    member(scene)
    scene.types("F7", *["ArrowRight"] * 8)
    scene.page.wait_for_timeout(900)


def line(scene: Scene) -> None:
    """Get to: line."""
    scene.opens()
    scene.basket(None)
    scene.types("ArrowDown", "ArrowDown")


def long(scene: Scene) -> None:
    """Get to: long."""
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
    """Get to: unlisted."""
    scene.opens()
    scene.scans(goods.UNLISTED)
    scene.types("12.80")


def parked(scene: Scene) -> None:
    """Get to: parked."""
    member(scene)
    scene.types("F6")
    scene.types("Escape")
    scene.scans("sun")
    scene.types("F6", "F6")


def void(scene: Scene) -> None:
    """Get to: void."""
    member(scene)
    scene.types("Control+Delete")


def pay(scene: Scene) -> None:
    """Get to: pay."""
    member(scene)
    scene.types("F9")


def split(scene: Scene) -> None:
    """Get to: split."""
    pay(scene)
    scene.types("100", "w")


def changed(scene: Scene) -> None:
    """Get to: changed."""
    pay(scene)
    scene.shop.reprices("milk", 11_800)
    scene.types("Enter")
    scene.page.wait_for_timeout(600)
    scene.shop.reprices("", 0)


def done(scene: Scene) -> None:
    """Get to: done."""
    pay(scene)
    scene.types("300", "Enter")
    scene.page.wait_for_timeout(600)


def claim(scene: Scene) -> None:
    """Get to: claim."""
    scene.opens()
    scene.basket(None)
    scene.types("F9", "Enter")
    scene.page.wait_for_timeout(900)


def refund_find(scene: Scene) -> None:
    """Get to: refund find."""
    scene.opens()
    scene.types("F8")
    scene.rests()


def refund_lines(scene: Scene) -> None:
    """Get to: refund lines."""
    refund_find(scene)
    scene.page.click("#receipt-0")
    scene.rests()
    scene.page.click("#refund-more-2")
    scene.page.wait_for_timeout(600)


def refund_done(scene: Scene) -> None:
    """Get to: refund done."""
    refund_lines(scene)
    scene.page.click("#back-cash")
    scene.page.wait_for_timeout(600)


def phone(scene: Scene) -> None:
    """Get to: phone."""
    scene.opens()
    scene.types("F3", "139")


def join(scene: Scene) -> None:
    """Get to: join."""
    scene.opens()
    scene.types("F3", STRANGER, "Enter")
    scene.rests()


def masked(scene: Scene) -> None:
    """Get to: masked."""
    scene.opens()
    scene.scans("milk", "sun")
    scene.types("F3", goods.LIMIN_PHONE[2:], "Enter")
    scene.rests()


def training(scene: Scene) -> None:
    """Get to: training."""
    scene.opens()
    scene.shop.event("training", lane="1", on=True)
    scene.basket(None)


def offline(scene: Scene) -> None:
    """Get to: offline."""
    member(scene)
    scene.shop.health("degraded", 37, cloud="gone")
    scene.rests()


def reader(scene: Scene) -> None:
    """Get to: reader."""
    scene.opens()
    scene.shop.health("degraded", camera="stalled", face="stalled", nfc="gone")
    scene.rests()


def turn(scene: Scene) -> None:
    """Get to: turn."""
    face(scene)
    words = {"zh": "请慢慢向左转头", "en": "Slowly turn your head to your left"}
    scene.shop.event("challenge", outcome="running", prompt="left", progress=0.33, **words)


def coach(scene: Scene) -> None:
    """Get to: coach."""
    scene.opens()
    hint = {"hint_zh": "请靠近一点", "hint_en": "come a little closer"}
    scene.shop.event("enrol_hint", ok=False, code=None, accepted=1, wanted=3, **hint)


def link(scene: Scene) -> None:
    """Get to: link."""
    scene.opens()
    scene.shop.event("link", name="李敏", uri=LINK, expires_s=86_400, rows=drawn(LINK))


def keys(scene: Scene) -> None:
    """Get to: keys."""
    scene.opens()
    scene.types("F1")


def customer_open(scene: Scene) -> None:
    """Get to: customer open."""
    scene.opens(view="customer")


def customer_basket(scene: Scene) -> None:
    """Get to: customer basket."""
    scene.opens(view="customer")
    scene.shop.sees(goods.LIMIN)
    token = scene.clerk["token"]
    made = scene.shop.call("POST", "/v1/baskets", {"member_id": str(goods.LIMIN)}, operator=token)
    lines = [{"sku": "milk"}, {"sku": "mask", "qty": 2}, {"sku": "candy"}]
    scene.shop.call("POST", f"/v1/baskets/{made['basket_id']}/lines", {"lines": lines}, token)
    scene.rests()


def customer_consent(scene: Scene) -> None:
    """Get to: customer consent."""
    scene.opens(view="customer")
    scene.shop.call("POST", "/v1/recruits", {"phone": STRANGER}, operator=scene.clerk["token"])
    scene.rests()
