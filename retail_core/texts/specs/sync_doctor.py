"""What the two sync doctors find, and what to do about it: block S130."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.SYNC_BROKER_UNREACHABLE: FaultSpec(
        "network",
        503,
        "连不上消息服务器 {where}({reason})。查:它在运行吗,端口开着吗,防火墙放行吗",
        "the broker {where} cannot be reached ({reason}). Is it running, is the port open, does a"
        " firewall stand between?",
        retryable=True,
    ),
    FaultCode.SYNC_BROKER_LOGIN: FaultSpec(
        "auth",
        503,
        "消息服务器 {where} 在,但不认这个账号。重新 `cloud-broker broker-files` 并让它重读",
        "the broker {where} is there but does not know this account. Run `cloud-broker"
        " broker-files` and have it read its files again",
    ),
    FaultCode.SYNC_BOX_REFUSED: FaultSpec(
        "auth",
        503,
        "消息服务器 {where} 在,但不让这台盒子进({reason})。它的账号或证书可能已停用、换过或过期:"
        "请总部在门店页查看这台盒子,要重新开通就用 `edge-agent provision`",
        "the broker {where} is there but does not let this box in ({reason}). Its account or"
        " certificate may be revoked, replaced or expired: have HQ look at the box on the store's"
        " page; to set it up again use `edge-agent provision`",
    ),
    FaultCode.SYNC_DATABASE_AWAY: FaultSpec(
        "network",
        503,
        "数据库连不上:盒子照常收银,账都在盒子里等着。先把 PostgreSQL 启动起来",
        "the database cannot be reached: shops sell on and their events wait in the boxes. Start"
        " PostgreSQL first",
        retryable=True,
    ),
    FaultCode.SYNC_BOOKING_WAITS: FaultSpec(
        "network",
        503,
        "{count} 条账已落盘、还没入账,最早的在 {ago}前。自己会入完;一直不减就看 "
        "`cloud-broker run` 是否在运行、数据库是否太慢",
        "{count} events are durable and not booked yet, the oldest for {ago}. They are booked by"
        " themselves; if the number stays, see whether `cloud-broker run` runs and whether the"
        " database is too slow",
        retryable=True,
    ),
    FaultCode.SYNC_BOX_SILENT: FaultSpec(
        "network",
        503,
        "{store}:{ago} 没有消息。查店里的电源和网络,在盒子上运行 `edge-agent sync doctor`",
        "{store}: not heard of for {ago}. Look at the shop's power and line, and run `edge-agent"
        " sync doctor` on the box",
        retryable=True,
    ),
    FaultCode.SYNC_BOX_WAITS: FaultSpec(
        "network",
        503,
        "{store}:{count} 条账还没到云端,已提交到第 {watermark} 条。线路好时会自己送完;一直不减就看"
        "盒子上的 `sync doctor`",
        "{store}: {count} events have not come up, committed through {watermark}. They come by"
        " themselves over a good line; if the number stays, look at `sync doctor` on the box",
        retryable=True,
    ),
    FaultCode.SYNC_BOX_HOLE: FaultSpec(
        "conflict",
        409,
        "{store}:云端缺第 {holes} 条,后面的已到。盒子会重发;盒子里没有等待的账而仍缺,说明盒子丢了"
        "账,请先别清盒子",
        "{store}: the cloud misses events {holes} while later ones are there. The box sends them"
        " again; if nothing waits there and they stay missing, the box lost them: do not clear it",
    ),
    FaultCode.SYNC_BOX_CHAIN: FaultSpec(
        "conflict",
        409,
        "{store}:账本链有 {count} 处自相矛盾,存储卡可能被复制或还原。看 `cloud-broker leases list`",
        "{store}: its journal contradicts itself in {count} places; its card may have been copied"
        " or set back. See `cloud-broker leases list`",
    ),
    FaultCode.SYNC_FEED_BEHIND: FaultSpec(
        "network",
        503,
        "{store}:还差 {count} 条变更没有应用(店 {held},云 {head})。在线的盒子几秒内会补上",
        "{store}: {count} changes behind (shop at {held}, cloud at {head}). A box that is online"
        " catches up within seconds",
        retryable=True,
    ),
    FaultCode.SYNC_FEED_UNSENT: FaultSpec(
        "network",
        503,
        "{store}:{count} 条变更还没有发出去。入账服务在运行就会补发;没有就启动它",
        "{store}: {count} changes were not sent out. Ingest sends them again when it runs:"
        " start it",
        retryable=True,
    ),
    FaultCode.SYNC_REPAIR_OPEN: FaultSpec(
        "conflict",
        422,
        "待修复 {count} 件 {code}({meaning}),最早 {ago} 前。原因解决后:`cloud-broker sync replay"
        " --code {code}`",
        "{count} in the repair queue with {code} ({meaning}), the oldest {ago} old. Once the cause"
        " is gone: `cloud-broker sync replay --code {code}`",
    ),
    FaultCode.SYNC_REPAIR_LOOK: FaultSpec(
        "conflict",
        422,
        "要核对 {count} 件 {code}({meaning}),最早 {ago} 前。重试没有用:在总部「待修复」页逐件看,"
        "看完按「看过了」",
        "{count} to look at with {code} ({meaning}), the oldest {ago} old. No replay ends them:"
        " look at each on HQ's page “Repair” and mark it as seen",
    ),
    FaultCode.SYNC_CLOCK_OFF: FaultSpec(
        "device",
        409,
        "{store}:盒子的钟差 {seconds} 秒。让它能访问时间服务器;先后次序不受影响,时间由云端订正",
        "{store}: the box's clock is off by {seconds} s. Let it reach a time server; order does not"
        " suffer, and the cloud mends the times",
    ),
    FaultCode.SYNC_INGEST_AWAY: FaultSpec(
        "network",
        503,
        "入账服务没有运行:盒子照常收银,账在盒子里等着。`cloud-broker run --role ingest`",
        "ingest does not run: shops sell on and their events wait in the boxes. `cloud-broker run"
        " --role ingest`",
        retryable=True,
    ),
    FaultCode.SYNC_CLOCK_UNKNOWN: FaultSpec(
        "device",
        409,
        "盒子不知道现在几点:照常收银,账由云端订正时间。连上云端或时间服务器后自己会好",
        "the box does not know the time: it sells on and the cloud dates its events. It mends"
        " itself once the cloud or a time server is reached",
    ),
    FaultCode.SYNC_WAY_ROUND: FaultSpec(
        "network",
        503,
        "直连不通,正走 {way}。可以用;想直连就让防火墙放行 {direct}",
        "the direct way is closed; going by {way}. That works; for the direct way let the firewall"
        " pass {direct}",
    ),
    FaultCode.SYNC_PROXY_REFUSED: FaultSpec(
        "network",
        503,
        "代理 {proxy} 不让过({reason})。查代理地址和口令文件,或请它放行 {where}",
        "the proxy {proxy} does not let us through ({reason}). Check its address and password file,"
        " or have it allow {where}",
        retryable=True,
    ),
    FaultCode.SYNC_TIME_REFUSED: FaultSpec(
        "auth",
        409,
        "云端给的时间没有采用:{reason}",
        "the time that the cloud gave was not taken: {reason}",
    ),
    FaultCode.SYNC_DIRECTORY_AWAY: FaultSpec(
        "network",
        503,
        "云端接口 {where} 连不上({reason})。会员查询、商品和规则的更新要走它",
        "the cloud's interface {where} cannot be reached ({reason}). Looking members up and new"
        " goods and rules go by it",
        retryable=True,
    ),
    FaultCode.SYNC_LINE_COSTLY: FaultSpec(
        "network",
        409,
        "按这个速度,一个月线路流量约 {month_mb} MB,超过预算 {budget_mb} MB。看分类,最多的是 {most}",
        "at this rate the line carries about {month_mb} MB a month, above the budget of {budget_mb}"
        " MB. By class the most is {most}",
    ),
    FaultCode.SYNC_AGENT_AWAY: FaultSpec(
        "setup",
        503,
        "盒子的程序没有运行,下面只看文件和线路。`systemctl start regulars-edge-agent`",
        "the box's program does not run; what follows looks at the files and the line alone."
        " `systemctl start regulars-edge-agent`",
    ),
}
