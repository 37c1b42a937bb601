"""Faults of releases: how they are signed, sent out, tried and taken back. Block F."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.RELEASE_WRONG: FaultSpec(
        "input",
        422,
        "版本清单不对:{what}",
        "the release's list is wrong: {what}",
    ),
    FaultCode.RELEASE_OLDER: FaultSpec(
        "conflict",
        409,
        "比盒子上已确认的版本还旧,不装",
        "older than the release that has proved itself on this box; not installed",
    ),
    FaultCode.RELEASE_WAS_BAD: FaultSpec(
        "conflict",
        409,
        "这个版本在这台盒子上失败过,不再装",
        "this release has failed on this box before; not installed again",
    ),
    FaultCode.RELEASE_STARTS: FaultSpec(
        "internal",
        500,
        "新版本几次都没有起来,已退回",
        "the new release did not come up several times; the box went back",
    ),
    FaultCode.RELEASE_BROKEN: FaultSpec(
        "storage",
        500,
        "盒子里的版本文件坏了,改用另一份",
        "the release's files on the box are damaged; the other one is used",
    ),
    FaultCode.RELEASE_BREAKS: FaultSpec(
        "internal",
        500,
        "新版本在真实收银时出错,已退回",
        "the new release broke while selling; the box went back",
    ),
    FaultCode.RELEASE_STOPS_SHOP: FaultSpec(
        "internal",
        500,
        "新版本上店里卖不了,已退回",
        "the shop could not sell with the new release; the box went back",
    ),
    FaultCode.RELEASE_NOT_OURS: FaultSpec(
        "input",
        422,
        "这个版本没有给这种盒子的程序:{platform}",
        "this release has no program for such a box: {platform}",
    ),
    FaultCode.RELEASE_UNTRUSTED: FaultSpec(
        "auth",
        403,
        "版本的签名或内容不对,拒收:{what}",
        "the release's signatures or content are wrong; refused: {what}",
    ),
    FaultCode.RELEASE_EXPIRED: FaultSpec(
        "conflict",
        409,
        "版本目录过期了(可能被人扣住旧的),不用:{what}",
        "the index of releases has expired (an old one may be held back before us): {what}",
    ),
    FaultCode.RELEASE_REPLAYED: FaultSpec(
        "auth",
        409,
        "版本目录比见过的旧,拒收:{what}",
        "the index of releases is older than one seen before; refused: {what}",
    ),
    FaultCode.RELEASE_NO_ROOT: FaultSpec(
        "setup",
        503,
        "盒子上没有版本的根证明文件,不能更新:{path}",
        "the box has no root of trust for releases and cannot update: {path}",
    ),
    FaultCode.RELEASE_ROOT_WRONG: FaultSpec(
        "auth",
        409,
        "云端给的版本的根不对(签名不够,或与指纹不符),不要:{what}",
        "the cloud's root of releases is refused (its signatures or the pin): {what}",
    ),
    FaultCode.RELEASE_NO_ROOM: FaultSpec(
        "storage",
        507,
        "磁盘放不下新版本:需 {need_mb} MB,剩 {free_mb} MB",
        "no room for the release: {need_mb} MB needed, {free_mb} MB free",
    ),
    FaultCode.RELEASE_POLICY_WRONG: FaultSpec(
        "input",
        422,
        "放量规则不合理:{what}",
        "the rollout's rules do not fit: {what}",
    ),
    FaultCode.RELEASE_UNKNOWN: FaultSpec(
        "input",
        404,
        "没有这个版本或放量:{what}",
        "there is no such release or rollout: {what}",
    ),
    FaultCode.RELEASE_TAKEN: FaultSpec(
        "conflict",
        409,
        "版本号 {number} 已有或不比最新的大",
        "the number {number} is taken or not above the newest",
    ),
    FaultCode.RELEASE_KEY_WRONG: FaultSpec(
        "auth",
        403,
        "签名钥匙不对或不够:{what}",
        "a signing key is wrong or missing: {what}",
    ),
    FaultCode.RELEASE_BUSY: FaultSpec(
        "conflict",
        409,
        "已有一个版本在放量,先做完或停掉",
        "another release is going out; let it end or stop it first",
    ),
    FaultCode.RELEASE_NO_SHELF: FaultSpec(
        "setup",
        503,
        "没有设置或建立版本目录 release_dir",
        "release_dir is not set, or nothing was published there",
    ),
    FaultCode.RELEASE_CALLED_BACK: FaultSpec(
        "conflict",
        409,
        "总部把这个版本叫停了,已退回上一版",
        "this release was called back by HQ; the box went back to the one before",
    ),
    FaultCode.ROLLOUT_FAILED: FaultSpec(
        "conflict",
        409,
        "版本 {version} 在 {failed} 台盒子上失败,放量已自动停下,有它的盒子正退回上一版。"
        "原因看总部“版本”页",
        "release {version} failed on {failed} boxes; it was stopped by itself and is taken back."
        " See the page Releases for the reason",
    ),
    FaultCode.ROLLOUT_LOST_SALES: FaultSpec(
        "conflict",
        409,
        "装了版本 {version} 的门店销售掉了,放量已自动停下,有它的盒子正退回上一版。看总部“版本”页",
        "stores with release {version} sell less than before; it was stopped by itself and is taken"
        " back. See the page Releases",
    ),
    FaultCode.ROLLOUT_WAITS: FaultSpec(
        "conflict",
        409,
        "版本 {version} 等另一个人在总部“版本”页同意后才继续",
        "release {version} waits for another person to agree on the page Releases",
    ),
    FaultCode.RELEASE_QUIET: FaultSpec(
        "conflict",
        409,
        "试用期满还没卖够单数,盒子已退回上一版;不算失败,这家店等下一个版本",
        "the time of its trial was over before the shop had sold enough; the box went back to the"
        " release before. That is no failure: the shop waits for the next release",
    ),
}
