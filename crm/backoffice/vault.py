"""Secrets that must be read again, kept in the database under a key that does not stand there."""

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12  # bytes, as AES-GCM wants them


class Vault:
    """Seals texts under a key made of SECRET_KEY; with another SECRET_KEY nothing sealed before opens."""

    def __init__(self, secret_key: str) -> None:
        self._cipher = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=b"brama: secrets in the database").derive(secret_key.encode()))

    def seal(self, secret: str, place: str) -> str:
        """What to store at `place`, a name of the row: put into another row it does not open."""
        nonce = secrets.token_bytes(NONCE)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, secret.encode(), place.encode())).decode()

    def open(self, sealed: str, place: str) -> str | None:
        """What was sealed at `place`; None when it was sealed under another key or for another place, or was changed since."""
        try:
            raw = base64.urlsafe_b64decode(sealed)
            return self._cipher.decrypt(raw[:NONCE], raw[NONCE:], place.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error):
            return None
