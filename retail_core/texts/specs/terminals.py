"""Faults of terminals, of a call's deadline and of a sick part: A145 to A154."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.PAIRING_CLOSED: FaultSpec(
        "auth",
        403,
        "没有打开的配对窗口:请店长在收银屏或盒子上重新打开,拿到新的配对码",
        "no pairing window is open: a manager opens one at the till screen or on the box"
        " and gets a new code",
    ),
    FaultCode.PAIRING_CODE_WRONG: FaultSpec(
        "auth",
        403,
        "配对码不对,还可以试 {tries_left} 次",
        "the pairing code is wrong; {tries_left} more tries",
    ),
    FaultCode.PAIRING_TAKEN: FaultSpec(
        "conflict",
        409,
        "这个配对码已被另一台终端用掉:如果不是您的,请店长关闭窗口重新开始",
        "another terminal has used this code: if it is not yours, the manager closes the window"
        " and begins again",
    ),
    FaultCode.PAIRING_FULL: FaultSpec(
        "conflict",
        409,
        "已配对 {limit} 台终端,请先停用不用的",
        "{limit} terminals are paired already; revoke one that is not used",
    ),
    FaultCode.API_TOO_LATE: FaultSpec(
        "network",
        503,
        "在 {deadline_ms} 毫秒内做不完,什么也没有记:请照常收银,稍后再试",
        "not done within {deadline_ms} ms and nothing was booked: go on selling, try again later",
        retryable=True,
    ),
    FaultCode.API_STILL_RUNNING: FaultSpec(
        "network",
        504,
        "{deadline_ms} 毫秒到了,这次写入还在进行:用同一个 Idempotency-Key 和同样的内容再问,"
        "就知道结果",
        "{deadline_ms} ms are over and this write is still under way: ask again with the same"
        " Idempotency-Key and content to learn how it ended",
        retryable=True,
    ),
    FaultCode.REPLICA_SICK: FaultSpec(
        "storage",
        503,
        "本店的会员和商品副本读不出来:按收银机给的价格照常卖;重启盒子会重新下载",
        "members and articles kept here cannot be read: it sells at the till's prices;"
        " a restart of the box fetches them anew",
    ),
}
