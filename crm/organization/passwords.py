"""Passwords: how they are kept, compared and judged. Nothing here knows of a database or of a request."""

import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from crm.errors import Invalid
from crm.messages import Message, m

SHORTEST = 10
LONGEST = 1024
# argon2id above the OWASP minimum; 32 MiB times the threads of a server is what a storm of sign-ins may take.
HASHER = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1, type=Type.ID)

# Guessed first by everyone; shorter ones need no list, they are refused by length.
COMMON = frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split())


def _bytes(password: str) -> bytes:
    """One form of the same letters: a keyboard may type «ї» as one sign or as two."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def hash_password(password: str) -> str:
    """The argon2id hash to be stored; the rules are `check_password`'s business."""
    return HASHER.hash(_bytes(password))


@cache
def dummy_hash() -> str:
    """What is compared when there is nobody to compare with, so that the answer takes the same work."""
    return hash_password("nobody signs in with this")


def verify_password(stored: str | None, password: str) -> bool:
    """Whether `password` belongs to the hash `stored`. Without a hash the same work is done and the answer is no."""
    sound = len(password) <= LONGEST
    try:
        matches = HASHER.verify(stored or dummy_hash(), _bytes(password if sound else ""))
    except (VerificationError, InvalidHashError):
        return False
    return matches and sound and stored is not None


def outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's and should be made again."""
    return HASHER.check_needs_rehash(stored)


def _about(email: str | None, name: str | None) -> set[str]:
    """Words an acquaintance would try first: the address, its parts, the name."""
    words = {(email or "").casefold(), *(email or "").casefold().replace("@", " ").replace(".", " ").split(), *(name or "").casefold().split()}
    return {w for w in words if len(w) >= 4}


def weakness(password: str, email: str | None = None, name: str | None = None) -> Message | None:
    """Why this password is not accepted for this person, None when it is."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(plain) < SHORTEST:
        return m("The password needs at least %(count)s characters.", count=SHORTEST)
    if len(password) > LONGEST:
        return m("The password may have at most %(count)s characters.", count=LONGEST)
    if plain in COMMON or len(set(plain)) < 4:
        return m("This password is among the first that are guessed. Choose another one.")
    rest = plain
    for word in sorted(_about(email, name), key=len, reverse=True):
        rest = rest.replace(word, "")
    if rest != plain and len(rest) < 6:
        return m("The password must not be made of your name or e-mail.")
    return None


def check_password(password: str, email: str | None = None, name: str | None = None, *, field: str = "password") -> None:
    """Raises Invalid, naming `field`, when the password is too weak for this person."""
    why = weakness(password, email, name)
    if why is not None:
        raise Invalid({field: why})
