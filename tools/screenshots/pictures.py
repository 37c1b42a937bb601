"""The states of the till screen, each with the sentence that goes with it."""

from dataclasses import dataclass

from tools.screenshots import till
from tools.screenshots.scene import Act


@dataclass(frozen=True, slots=True)
class Picture:
    """One state: its file's name, how it is reached, what it shows in both languages."""

    name: str
    act: Act
    zh: str
    en: str
    dark: bool = False


PICTURES = (
    Picture(
        "idle",
        till.idle,
        "没有人时,左边教三种被认出的办法",
        "Nobody yet: three ways to be recognised",
        dark=True,
    ),
    Picture(
        "sign-in", till.sign_in, "店员用工号和密码登录", "A clerk signs in with number and PIN"
    ),
    Picture(
        "sign-in-failed", till.sign_in_failed, "密码不对,就地重输", "A wrong PIN is asked for again"
    ),
    Picture(
        "ready", till.ready, "登录后,扫第一件就开单", "Signed in: the first scan begins a basket"
    ),
    Picture("asking", till.asking, "正在看镜头、码和卡", "Camera, code and card are looked at"),
    Picture(
        "member",
        till.member,
        "会员、这一单、该说的话、应付,一眼看完",
        "Member, basket, what to say and what is due",
        dark=True,
    ),
    Picture(
        "face",
        till.face,
        "人脸只到低信任:用积分要出示会员码",
        "A face alone: points take the member code",
    ),
    Picture("ask-again", till.ask_again, "差一点,请再看一次", "Nearly: look once more"),
    Picture(
        "two-candidates",
        till.two,
        "两位很像:要会员码,谁的资料都不显示",
        "Two alike: the code is asked for, nobody's data shown",
    ),
    Picture("unknown", till.unknown, "没认出来,照常收银", "Not recognised; the sale goes on"),
    Picture("why", till.why, "一按就知道为什么是这个价", "Why this price, in one tap", dark=True),
    Picture("tier", till.tier, "为什么是金卡,怎样保住", "Why gold, and what keeps it"),
    Picture("coupons", till.coupons, "选一张券", "Choosing a coupon"),
    Picture("redeem", till.redeem, "用积分:键盘或手指都行", "Points, by key or finger"),
    Picture("line", till.line, "选中一行,改数量或删除", "A chosen line: quantity or removal"),
    Picture(
        "sixty-lines",
        till.long,
        "六十行、最长的名字,应付一直看得见",
        "Sixty lines and the longest names; the total stays",
    ),
    Picture(
        "unlisted",
        till.unlisted,
        "没有建档的商品照货架价卖",
        "An unlisted article sells at its shelf price",
    ),
    Picture("parked", till.parked, "挂着的单", "Parked baskets"),
    Picture("void", till.void, "作废前问一句", "Voiding asks first"),
    Picture("pay", till.pay, "结算:现金、微信、支付宝、银行卡", "Paying, four ways", dark=True),
    Picture("pay-split", till.split, "一笔拆成几种付", "Split over several tenders"),
    Picture(
        "price-changed",
        till.changed,
        "收款时价格变了,说清楚,再收一次",
        "The price changed while paying: said, and taken again",
    ),
    Picture("done", till.done, "收完:找零、积分、入账", "Done: change, points, booked", dark=True),
    Picture("claim", till.claim, "非会员扫码补登积分", "A guest may claim the points later"),
    Picture("refund", till.refund_find, "退货:先找小票", "Refund: the receipt"),
    Picture(
        "refund-lines",
        till.refund_lines,
        "选要退的,应退马上算好",
        "What comes back, and what is paid out",
    ),
    Picture("refund-done", till.refund_done, "退完", "Refunded"),
    Picture(
        "phone",
        till.phone,
        "手机号:找会员,或十秒入会",
        "Phone number: find, or join in ten seconds",
    ),
    Picture("join", till.join, "入会先看同意书原文", "Joining: the very words of the consent"),
    Picture(
        "masked",
        till.masked,
        "只报手机号:遮住名字,可积分,不能用积分",
        "A number alone: masked, earns, spends nothing",
    ),
    Picture(
        "offline",
        till.offline,
        "云端连不上:钱包截至几点写明,照常收银",
        "No cloud: as of when, and selling goes on",
        dark=True,
    ),
    Picture(
        "reader-gone",
        till.reader,
        "设备没响应:形状和字都说出来",
        "A device is gone: shape and word say so",
    ),
    Picture("turn", till.turn, "请顾客转头确认", "The customer is asked to turn her head"),
    Picture("coach", till.coach, "采集人脸时的指引", "Coaching at enrolment"),
    Picture("link", till.link, "给会员手机的链接", "The link for a member's phone"),
    Picture(
        "training",
        till.training,
        "练习模式:整圈框和字,绝不入账",
        "Training: frame and word, nothing is booked",
    ),
    Picture("clerk", till.clerk, "锁屏、换人、练习", "Lock, hand over, train"),
    Picture("help", till.keys, "所有按键", "Every key"),
    Picture("customer", till.customer_open, "顾客屏:欢迎", "Customer display: welcome"),
    Picture(
        "customer-basket",
        till.customer_basket,
        "顾客屏:问候、省了多少、积分;没有标签和钱包",
        "Customer display: greeting, saving, points; no tags, no wallet",
    ),
    Picture(
        "customer-consent",
        till.customer_consent,
        "顾客屏:同意书,与店员看到的一字不差",
        "Customer display: the consent, word for word",
    ),
    # Last: what headquarters lets the shop in them stays let.
    Picture(
        "faces",
        till.faces,
        "人脸:她同意了什么,还可以做什么(F11)",
        "Her face: what she agreed to, what may be done (F11)",
    ),
    Picture(
        "consent",
        till.consent,
        "同意书原文,顾客屏上是同一份",
        "The consent in its very words, on her display too",
    ),
)
