"""Faults of tasks, the points mall, gifts and invitations: block M from 130."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.MALL_NOT_OFFERED: FaultSpec(
        "conflict",
        409,
        "「{item}」现在不能在这家店兑换",
        "{item} cannot be had in this store now",
    ),
    FaultCode.MALL_ENOUGH: FaultSpec(
        "conflict",
        409,
        "「{item}」每人限兑 {limit} 件,您已经兑过",
        "{item}: {limit} for each person, and you have had yours",
    ),
    FaultCode.MALL_SOLD_OUT: FaultSpec(
        "conflict",
        409,
        "「{item}」在这家店已兑完,可以换一家店",
        "{item} is gone in this store; another store may have it",
    ),
    FaultCode.MALL_POINTS_SHORT: FaultSpec(
        "conflict",
        409,
        "需要 {wanted} 分,您有 {have} 分",
        "this takes {wanted} points, you have {have}",
    ),
    FaultCode.MALL_POINTS_LENT: FaultSpec(
        "conflict",
        409,
        "需要 {wanted} 分,可用 {free} 分;其余 {lent} 分正从门店取回,请过几秒再试(门店断网时更久)",
        "this takes {wanted} points, {free} can be used now; {lent} more are being fetched from"
        " stores: try again in some seconds, later if a store is offline",
        retryable=True,
    ),
    FaultCode.MALL_ORDER_UNKNOWN: FaultSpec(
        "input", 404, "没有这张兑换单", "there is no such order"
    ),
    FaultCode.MALL_ORDER_OVER: FaultSpec(
        "conflict",
        409,
        "这张兑换单已经结束,不能再取消",
        "this order is over and cannot be cancelled",
    ),
    FaultCode.GIFT_UNKNOWN: FaultSpec(
        "input", 404, "这位会员没有这件礼品", "this member has no such gift"
    ),
    FaultCode.GIFT_NOT_HERE: FaultSpec(
        "conflict",
        409,
        "这件礼品不能在这台设备上领取:还没有备到本店,或已经领走",
        "this gift cannot be handed over here: it is not at this store yet, or was handed over",
        retryable=True,
    ),
    FaultCode.GIFT_PROOF_NEEDED: FaultSpec(
        "auth",
        403,
        "领取礼品前请顾客出示会员码或刷会员卡",
        "ask for the member's code or card before a gift is handed over",
    ),
    FaultCode.GIFT_OVER: FaultSpec(
        "conflict",
        409,
        "这件礼品的领取期已过",
        "this gift's time is over",
    ),
    FaultCode.LINK_INVALID: FaultSpec(
        "input", 404, "这个分享链接不能用了", "this shared link cannot be used"
    ),
    FaultCode.INVITE_REFUSED: FaultSpec(
        "conflict",
        409,
        "这次不算邀请:{why_zh}",
        "this does not count as an invitation: {why_en}",
    ),
    FaultCode.MALL_STOCK_WRONG: FaultSpec(
        "conflict",
        409,
        "库存不能少于已经为会员留下的 {reserved} 件",
        "{reserved} are kept for members: the stock cannot be lower",
    ),
    FaultCode.TASK_NOT_RUNNING: FaultSpec(
        "conflict", 409, "这个任务现在没有开放", "this task is not running now"
    ),
}
