"""Passwords: how they are kept, compared and judged. Nothing here knows of a database or of a request."""

import unicodedata
from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from crm.errors import Invalid
from crm.messages import Message, m

SHORTEST = 10
LONGEST = 1024
# argon2id above the OWASP minimum; 32 MiB times the threads of a server is what a storm of sign-ins may take.
HASHER = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1, type=Type.ID)

# Guessed first by everyone; shorter ones need no list, they are refused by length.
COMMON = frozenset("""
0123456789 1234567890 12345678910 123456789a 1234567891 0987654321 9876543210 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 1qazxsw23edc
qwertyuiop qwerty1234 qwerty12345 qwerty123456 qwertyuiop123 asdfghjkl1 asdfghjkl; zxcvbnm123 qazwsxedcrfv q1w2e3r4t5 q1w2e3r4t5y6
password12 password123 password1234 password123456 passw0rd123 p@ssw0rd123 p@ssword123 mypassword letmein123 welcome123 welcome1234
iloveyou123 iloveyou12 administrator admin12345 admin123456 admin1234567 superadmin changeme123 changemenow football123 sunshine123
princess123 dragon12345 monkey12345 baseball123 master12345 shadow12345 abcdefghij abcd123456 abc1234567 a123456789 aa123456789
йцукенгшщз йцукенгшщзхї йцукен1234 йцукен12345 йцукен123456 фівапролджє ячсмитьбюь пароль1234 пароль12345 пароль123456 пароль123
парольпароль адміністратор slavaukraini славаукраїні україна123 україна2024 україна2025 україна2026 ukraine123 ukraine2024 ukraine2025
ukraine2026 kyiv123456 київ123456 привіт1234 привіт12345 correcthorsebatterystaple trustno1trustno1 bramabrama bramacrm123
""".split())


def _bytes(password: str) -> bytes:
    """One form of the same letters: a keyboard may type «ї» as one sign or as two."""
    return unicodedata.normalize("NFKC", password).encode()


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
