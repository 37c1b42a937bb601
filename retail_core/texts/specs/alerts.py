"""Texts of faults: whom it is told when something is wrong at a store."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.FLEET_SILENT: FaultSpec(
        "network",
        503,
        "{count} 家门店一起没有消息,多半是消息服务器或总部的线路,门店照常收银",
        "{count} stores are silent all at once: most likely the broker or HQ's own line; they sell",
        retryable=True,
    ),
    FaultCode.ALERT_NOT_SENT: FaultSpec(
        "network",
        502,
        "告警没有送到,会再试:{reason}",
        "the alert was not delivered and is tried again: {reason}",
        retryable=True,
    ),
    FaultCode.ALERT_REFUSED: FaultSpec(
        "network",
        502,
        "收告警的一方不要了,不再试:{reason}",
        "whoever was to get the alert refuses it for good: {reason}",
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
}
