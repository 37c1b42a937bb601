"""Rights lent to boxes: what stands in the way of spending them."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.LEASE_SHORT: FaultSpec(
        "conflict",
        409,
        "本店此刻可用 {free},需要 {wanted};其余在别的门店或云端",
        "{free} can be spent in this store now, {wanted} wanted; the rest lies elsewhere",
    ),
    FaultCode.LEASE_WAITS: FaultSpec(
        "network",
        503,
        "盒子刚开机,连上云端确认之后才能兑换;积累和会员价不受影响",
        "the box has just booted: redeeming waits until the cloud let it in; earning goes on",
        retryable=True,
    ),
    FaultCode.LEASE_UNKNOWN: FaultSpec(
        "conflict",
        409,
        "兑换所用的额度不是云端发放的(权益 {right},轮次 {epoch},第 {nth} 份)",
        "spent from a lease the cloud never granted (right {right}, epoch {epoch}, no. {nth})",
    ),
    FaultCode.LEASE_CONFLICT: FaultSpec(
        "conflict",
        409,
        "同一笔兑换或额度({receipt})已有不同内容",
        "the same redemption or lease ({receipt}) is there with other content",
    ),
    FaultCode.LEASE_LATE: FaultSpec(
        "conflict",
        409,
        "额度收回之后才上传的兑换 {points},由品牌承担",
        "{points} redeemed from a lease that was taken back before it was told: borne by the brand",
    ),
    FaultCode.LEASE_FENCED: FaultSpec(
        "conflict",
        409,
        "设备的记录与云端不符(存储卡被还原、更换,或换了主板):第 {epoch} 轮起重新发放,此前额度存疑",
        "the device's past is not the one the cloud has (card set back or changed, other board):"
        " it begins anew in epoch {epoch}, what was lent before is in doubt",
    ),
    FaultCode.LEASE_TWINS: FaultSpec(
        "conflict",
        409,
        "同一设备身份同时出现在两块主板上,已停止兑换,请总部核实",
        "one device is alive on two boards: redeeming is stopped until HQ has looked",
    ),
    FaultCode.JOURNAL_FORKED: FaultSpec(
        "conflict",
        409,
        "本机流水与云端不一致(存储卡被还原?),已另起一段,未丢失任何一笔",
        "the journal here is not the one the cloud has (card set back?): a new epoch began,"
        " nothing is lost",
    ),
}
