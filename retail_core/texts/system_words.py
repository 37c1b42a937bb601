"""What the operating system says of a file, in both languages."""

import errno
from collections.abc import Mapping
from types import MappingProxyType

from retail_core.texts.words import Words

_ZH: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOENT: "没有这个文件",
        errno.EACCES: "没有权限",
        errno.EPERM: "没有权限",
        errno.EISDIR: "这是文件夹,不是文件",
        errno.ENOTDIR: "路径里有一段不是文件夹",
        errno.ENOSPC: "磁盘满了",
        errno.EDQUOT: "超出磁盘配额",
        errno.EROFS: "磁盘只读",
        errno.EIO: "磁盘读写出错",
        errno.ENAMETOOLONG: "名字太长",
        errno.ELOOP: "链接绕成了圈",
        errno.EFBIG: "文件太大",
        errno.EMFILE: "打开的文件太多",
    }
)


def system_words(error: OSError | EOFError) -> Words:
    """Say why a file could not be read or written; what has no words of ours is named as it is.

    An error without a number of the system's is one of unpacking: the file is cut off or damaged.
    """
    number = getattr(error, "errno", None)
    if number is None:
        return Words(str(error) or type(error).__name__, "压缩的内容不完整或已损坏")
    said = getattr(error, "strerror", None) or type(error).__name__
    return Words(said, _ZH.get(number, f"系统错误 {number}({said})"))
