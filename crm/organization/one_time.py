"""One-time codes: those an authenticator shows (RFC 6238, six digits every 30 seconds) and those kept on paper. Nothing here knows of a database."""

import secrets
import unicodedata
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

import pyotp

SECONDS = 30
DRIFT = 1  # steps by which the clock of a phone may be off
PAPER = 10  # recovery codes given at once
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that are taken for another
ISSUER, ACCOUNT = 40, 120  # letters of the company and of the address; in the picture a Cyrillic one takes six, and the company stands there twice
GROUPS, LENGTH = 6, 4  # 24 letters are 118 bits: enough for a digest without salt


def new_key() -> str:
    """A key for an authenticator: 160 random bits in base32."""
    return pyotp.random_base32(32)


def in_groups(key: str) -> str:
    """A key as it is typed: in fours."""
    return " ".join(key[i : i + 4] for i in range(0, len(key), 4))


def address(key: str, email: str, company: str) -> str:
    """What the picture for an authenticator says; names are cut to what such a picture holds, and telephones read."""
    return pyotp.TOTP(key).provisioning_uri(name=email[:ACCOUNT], issuer_name=company.replace(":", " ")[:ISSUER].strip())


def step_of(key: str, typed: str, now: datetime) -> int | None:
    """The step whose code was typed, one of those that count now; None when it is none of theirs."""
    digits = "".join(c for c in unicodedata.normalize("NFKC", typed[:64]) if not c.isspace())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    here, codes = int(now.timestamp()) // SECONDS, pyotp.TOTP(key)
    right = [step for step in range(here - DRIFT, here + DRIFT + 1) if compare_digest(codes.generate_otp(step), digits)]
    return right[0] if right else None


def new_paper_codes() -> list[str]:
    """Fresh recovery codes, as they are shown."""
    return ["-".join("".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(GROUPS)) for _ in range(PAPER)]


def paper_digest(user_id: int, typed: str) -> str:
    """What is stored of a recovery code of a person, however its groups and letters were typed."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", typed[:128]).lower() if c in LETTERS)
    return sha256(f"{user_id}:{plain}".encode()).hexdigest()
