"""Faults of boxes' twins, their commands and their presence: blocks F and G."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.BOX_LEFT: FaultSpec(
        "conflict",
        503,
        "盒子是有意关机或停止的,不是断线",
        "the box was stopped on purpose; its line was not lost",
    ),
    FaultCode.TWIN_KEY_UNKNOWN: FaultSpec(
        "input",
        422,
        "没有这个设置项:{key}",
        "there is no such setting: {key}",
    ),
    FaultCode.TWIN_VALUE_WRONG: FaultSpec(
        "input",
        422,
        "设置项 {key} 的值不合格式或超出范围",
        "the value of {key} is malformed or out of range",
    ),
    FaultCode.TWIN_LINE_UNPROVEN: FaultSpec(
        "conflict",
        409,
        "新线路试连不通,仍用原线路",
        "the new line did not hold when tried beside the old one; the old one stays",
    ),
    FaultCode.TWIN_LINE_REVERTED: FaultSpec(
        "conflict",
        409,
        "换到新线路后总部没有按时确认,已自动退回原线路",
        "the cloud did not confirm the new line in time; the box went back by itself",
    ),
    FaultCode.TWIN_CHANGED_MEANWHILE: FaultSpec(
        "conflict",
        409,
        "别人刚改过这一层的设置(现为第 {version} 版),请看过再改",
        "somebody changed these settings meanwhile (now version {version}); look again first",
    ),
    FaultCode.TWIN_PLACE_UNKNOWN: FaultSpec(
        "input",
        422,
        "{key}:这台盒子没有叫这个名字的收银机或柜台,或它没有这一项",
        "{key}: this box has no till or counter of that name, or it has no such setting",
    ),
    FaultCode.TWIN_TILL_REVERTED: FaultSpec(
        "conflict",
        409,
        "收银机的新线路启动后没有通,已自动退回原来的",
        "the till's new line did not come up after the start; the box went back by itself",
    ),
    FaultCode.TWIN_TILL_UNPROVEN: FaultSpec(
        "input",
        422,
        "{key}:盒子上没有这个版式或这条线,收银机不动",
        "{key}: this box has no such layout or no such line; the till is left as it is",
    ),
    FaultCode.TWIN_PLACES_CLASH: FaultSpec(
        "input",
        422,
        "{key}:同一个设备会有两台收银机或两个柜台用,都不改",
        "{key}: two tills or two counters would use one device; none of them is changed",
    ),
    FaultCode.TWIN_TILL_INCOMPLETE: FaultSpec(
        "input",
        422,
        "{key}:客显要两头的线(port、display),扫码枪要 scanner,小票后的打印要先开(append.on),都不改",
        "{key}: a display needs both its lines (port, display), a scanner its scanner, and slips"
        " append.on first; none of them is changed",
    ),
    FaultCode.FLEET_NO_BOXES: FaultSpec(
        "conflict",
        409,
        "{where} 没有在用的盒子:先入网、开机,再下命令",
        "no box is in service at {where}: enrol one and start it, then give the command",
    ),
    FaultCode.ORDER_NOT_NOW: FaultSpec(
        "conflict",
        409,
        "这个命令已经往前走了(现在 {state}),不能再这样做:刷新看看",
        "this order is {state} now, so that cannot be done any more: look at it again",
    ),
    FaultCode.COMMAND_UNKNOWN: FaultSpec(
        "input",
        422,
        "没有这个命令,或参数不对:{kind}",
        "there is no such command, or its arguments are wrong: {kind}",
    ),
    FaultCode.COMMAND_NEEDS_SECOND: FaultSpec(
        "conflict",
        409,
        "影响 {stores} 家店,一人最多 {alone} 家:等第二个人同意",
        "this reaches {stores} stores, one person alone may reach {alone}: a second has to agree",
    ),
    FaultCode.COMMAND_OWN_SECOND: FaultSpec(
        "auth",
        403,
        "第二个人不能是下命令的人自己",
        "the second person cannot be the one who gave the order",
    ),
    FaultCode.COMMAND_INTERRUPTED: FaultSpec(
        "conflict",
        503,
        "命令执行到一半盒子重启了,没有再做一遍",
        "the box restarted amid the command; it was not done a second time",
    ),
    FaultCode.COMMAND_HALTED: FaultSpec(
        "conflict",
        409,
        "总闸已拉下,盒子不再开始任何命令",
        "the kill switch is on: boxes start no command",
    ),
    FaultCode.COMMAND_SILENT: FaultSpec(
        "conflict",
        504,
        "盒子开始执行后没有再回话",
        "the box began and was not heard of again",
    ),
    FaultCode.COMMAND_BROKE: FaultSpec(
        "internal",
        500,
        "命令在盒子上出错:{reason}",
        "the command broke on the box: {reason}",
    ),
}
