"""Faults of backups, of a restored cloud, and of rights that lie in another store."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.RESTORE_FROZEN: FaultSpec(
        "network",
        503,
        "云端刚从备份恢复,还有门店没有报到;恢复完成前不发放新的额度,已在门店的照常可用",
        "the cloud was restored from a backup and some stores have not reported yet: nothing new is"
        " lent until then, what stores hold can be spent",
        retryable=True,
    ),
    FaultCode.RESTORE_OTHER_EPOCH: FaultSpec(
        "conflict",
        409,
        "盒子说的是另一次恢复({said}),云端现在是 {epoch}",
        "the box means another restore ({said}); the cloud stands at {epoch}",
        retryable=True,
    ),
    FaultCode.RESTORE_LEASE_AGAIN: FaultSpec(
        "conflict",
        409,
        "恢复之前发放、备份里没有的额度,按盒子的账重新记下:{right} {amount}",
        "a lease that the backup did not hold was entered again by the box's journal:"
        " {right} {amount}",
    ),
    FaultCode.RESTORE_NOT_EMPTY: FaultSpec(
        "conflict",
        409,
        "要恢复到的数据库不是空的(已有 {tables} 张表);请新建一个空数据库",
        "the database to restore into is not empty ({tables} tables); make an empty one",
    ),
    FaultCode.RESTORE_EVENTS_LOST: FaultSpec(
        "storage",
        410,
        "备份太旧:盒子 {device} 的第 {low} 到 {high} 条账,备份里没有,盒子也已清理",
        "the backup is too old: events {low} to {high} of box {device} are neither in it nor kept"
        " by the box any more",
    ),
    FaultCode.RESTORE_CLOUD_OLDER: FaultSpec(
        "conflict",
        409,
        "这个云端比盒子见过的旧({epoch} < {held}):可能是停用的旧服务器,盒子不向它上传",
        "this cloud is older than one the box has met ({epoch} < {held}): perhaps a server that was"
        " replaced; the box sends nothing to it",
    ),
    FaultCode.BACKUP_DAMAGED: FaultSpec(
        "storage",
        422,
        "备份文件损坏或不完整:{detail}",
        "the backup file is damaged or incomplete: {detail}",
    ),
    FaultCode.BACKUP_KEY_MISSING: FaultSpec(
        "setup",
        409,
        "没有给备份密钥:备份从不明文写。"
        "先用 cloud-broker backup key 文件 生成一把,再用 --key-file 指明",
        "no key was given, and a backup is never written in the clear: make one by"
        " cloud-broker backup key FILE and name it by --key-file",
    ),
    FaultCode.BACKUP_FOLDER: FaultSpec(
        "setup",
        500,
        "备份读不了文件 {path}:{reason}",
        "the backup cannot read the file {path}: {reason}",
    ),
    FaultCode.BACKUP_KEY_WRONG: FaultSpec(
        "auth", 403, "备份密钥不对", "this is not the key of the backup"
    ),
    FaultCode.BACKUP_SCHEMA: FaultSpec(
        "setup",
        409,
        "备份的表结构 {found} 不能由这个版本恢复(到 {newest} 为止)",
        "this release cannot restore a backup of schema {found} (it knows up to {newest})",
    ),
    FaultCode.RESTORE_SCHEMA_AHEAD: FaultSpec(
        "setup",
        409,
        "目标库的表结构 {found} 比备份的 {backup} 新:请新建一个空数据库,不要先运行 migrate",
        "the database has schema {found}, newer than the backup's {backup}: make an empty database"
        " and do not migrate it first",
    ),
    FaultCode.RESTORE_NONE: FaultSpec(
        "setup", 404, "没有正在进行的恢复", "no restore is under way"
    ),
    FaultCode.RIGHTS_COMING: FaultSpec(
        "network",
        409,
        "积分或券在别的门店,正在调来,请稍候",
        "the points or the coupon lie in another store and are on their way",
        retryable=True,
    ),
    FaultCode.RIGHTS_DARK: FaultSpec(
        "network",
        409,
        "其余 {dark} 在一家现在连不上的门店,本店此刻可用 {free}",
        "the other {dark} lie in a store that does not answer; {free} can be spent here now",
        retryable=True,
    ),
}
