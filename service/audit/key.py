"""The key that seals the heads of the chains: a file outside the database, made on first use and never again by itself."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from yingzhi.clinical.errors import SettingsError

NAME = "audit.key"
BYTES = 32


def read_key(home: Path) -> bytes | None:
    """The key of an installation; None where there is no file.

    Raises:
        SettingsError: The file can't be read, does not hold a key, or others may read it.
    """
    path = home / NAME
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(4 * BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{NAME}: can't be read ({type(error).__name__})") from None
    if os.name == "posix" and mode & 0o077:
        raise SettingsError(f"{NAME}: others may read it; chmod 600 it")
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != BYTES:
        raise SettingsError(f"{NAME}: {2 * BYTES} hexadecimal digits are expected; put the copy back")
    return key


def make_key(home: Path) -> bytes:
    """Make the key, or read the one that another process has made meanwhile.

    Raises:
        SettingsError: The folder can't be written.
    """
    beside = home / f".{NAME}.{secrets.token_hex(8)}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="ascii") as opened:
            opened.write(secrets.token_hex(BYTES) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        try:
            os.link(beside, home / NAME)  # unlike a rename it never replaces a key
        except FileExistsError:
            pass
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(f"{NAME}: can't be made ({type(error).__name__})") from None
    key = read_key(home)
    assert key is not None
    return key


def retire_key(home: Path) -> None:
    """Put the key aside, under the first free name `audit.key.old-N`."""
    number = 1
    while (aside := home / f"{NAME}.old-{number}").exists():
        number += 1
    (home / NAME).rename(aside)


def netstrings(*parts: str | int) -> bytes:
    """The parts as netstrings, `length:bytes,`: no two lists of parts give the same bytes."""
    out = bytearray()
    for part in parts:
        written = str(part).encode("utf-8", "surrogatepass")
        out += b"%d:%b," % (len(written), written)
    return bytes(out)


def seal(key: bytes, *parts: str | int) -> str:
    """HMAC-SHA-256 of the parts, in hexadecimal."""
    return hmac.digest(key, netstrings(*parts), "sha256").hex()
