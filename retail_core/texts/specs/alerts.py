"""Texts of faults: who is told what, at HQ and at partners."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.FLEET_SILENT: FaultSpec(
        "network",
        503,
        "{count} 家门店一起没有消息,多半是消息服务器或总部的线路,门店照常收银",
        "{count} stores are silent all at once: most likely the broker or HQ's own line; they sell",
        retryable=True,
    ),
    FaultCode.SERVER_CERTIFICATE_ENDS: FaultSpec(
        "setup",
        409,
        "服务器证书 {what} 到 {until} 为止,要由人来换:见手册“证书”",
        "the certificate of {what} ends on {until}; a person has to renew it: see the runbook"
        " on certificates",
    ),
    FaultCode.SERVER_CERTIFICATE_OVER: FaultSpec(
        "setup",
        503,
        "服务器证书 {what} 到 {until} 为止,马上要断:到期后盒子连不上(照常卖),今天就换,见手册“证书”",
        "the certificate of {what} ends on {until}: after that boxes do not connect (they sell on)."
        " Renew it today, see the runbook on certificates",
    ),
    FaultCode.ALERT_NOT_SENT: FaultSpec(
        "network",
        502,
        "消息没有送到,会再试:{reason}",
        "the message was not delivered and is tried again: {reason}",
        retryable=True,
    ),
    FaultCode.ALERT_REFUSED: FaultSpec(
        "network",
        502,
        "对方不要这条消息了,不再试:{reason}",
        "whoever was to get the message refuses it for good: {reason}",
    ),
    FaultCode.ALERT_RULE_WRONG: FaultSpec(
        "input",
        422,
        "告警规则的 {field} 不对:{value}",
        "{field} of the alert rule is not valid: {value}",
    ),
    FaultCode.ALERT_MAIL_UNSET: FaultSpec(
        "setup",
        500,
        "还没有设置发信服务器:smtp_host 和 smtp_from",
        "no mail server is set: smtp_host and smtp_from",
    ),
    FaultCode.WEBHOOK_NETWORK: FaultSpec(
        "setup",
        502,
        "{host} 在内网({address}),没有发;要发就在云端设置 webhook_networks 里写上它的网段",
        "{host} is in a closed network ({address}): nothing was sent; name its network in the"
        " cloud's setting webhook_networks to allow it",
    ),
    FaultCode.WEBHOOK_PAUSED: FaultSpec(
        "network",
        502,
        "合作系统“{name}”三天没有收下任何推送,已暂停({reason})。修好后在总部“合作系统”页点继续",
        "partner {name} has taken no message for three days and was paused ({reason}). When it is"
        " mended, let it go on from the page Partners",
    ),
    FaultCode.HOOK_WRONG: FaultSpec(
        "input",
        422,
        "推送订阅的 {field} 不对:{value}",
        "{field} of the subscription is not valid: {value}",
    ),
    FaultCode.EXPORT_UNSET: FaultSpec(
        "setup",
        404,
        "云端没有设置 export_dir,没有每日导出",
        "the cloud's setting export_dir is empty: there is no nightly export",
    ),
    FaultCode.EXPORT_MISMATCH: FaultSpec(
        "conflict",
        409,
        "{day} 的导出和账对不上({detail}),没有采用;多半是导出时还有销售入账,会再试",
        "the export of {day} and its books differ ({detail}): it was not kept. Most likely sales"
        " were booked meanwhile; it is tried again",
        retryable=True,
    ),
    FaultCode.EXPORT_DAMAGED: FaultSpec(
        "storage",
        500,
        "导出文件 {file} 坏了(和清单的哈希不同),删掉那一天,重新导出",
        "the exported file {file} is damaged (its hash is another): delete the day and export it"
        " again",
    ),
}
