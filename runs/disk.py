"""What a system says where a file cannot be read or written, in plain words."""

import errno
from typing import Final

REASONS: Final = {
    errno.EACCES: "no permission",
    errno.EPERM: "no permission",
    errno.EROFS: "nothing can be written there (read-only)",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file would be larger than is allowed",
    errno.EEXIST: "there is a file of that name",
    errno.ENOTDIR: "a part of the path is no folder",
    errno.EISDIR: "a folder, not a file",
    errno.ENOENT: "no such file or folder",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EMFILE: "too many files are open",
    errno.EIO: "the disk does not answer",
}


def reason(error: OSError) -> str:
    """Return why, without where."""
    return REASONS.get(error.errno or 0) or error.strerror or str(error)


def in_words(error: OSError) -> str:
    """Return where and why."""
    return reason(error) if error.filename is None else f"{error.filename}: {reason(error)}"


def locked(descriptor: int, *, wait: bool = False) -> bool:
    """Lock an open file or folder for this process, until it is closed; return whether no other process has it, or wait for that."""
    import fcntl  # noqa: PLC0415  (not on Windows, where what writes no folder still runs)

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
