"""What is printed behind a receipt, in the two languages; short enough for 32 columns."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One language's."""

    title: str
    earned: str
    points: str
    waiting: str
    tier: str
    saved: str
    receipt: str
    claim: str
    claim_how: str


ZH = Words(
    title="- 会员 -",
    earned="本单积分",
    points="可用积分",
    waiting="待入账积分",
    tier="等级",
    saved="本单已省(元)",
    receipt="扫码看会员页",
    claim="会员?扫码补登本单积分",
    claim_how="一张小票只能补登一次",
)
EN = Words(
    title="- MEMBER -",
    earned="Points on this receipt",
    points="Points to spend",
    waiting="Points on their way",
    tier="Tier",
    saved="Saved on this receipt",
    receipt="Scan for your member page",
    claim="A member? Scan for your points",
    claim_how="Once for each receipt",
)
