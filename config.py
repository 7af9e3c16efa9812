"""Settings of one installation, from environment variables; nothing else in the project reads the environment.

Settings are the operator's and need a restart; what the administrator changes in the browser is configuration and lives in the database.
This module imports nothing of `crm`, so that both may import it.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent


class BadSetting(Exception):
    """A variable that makes no sense: an English sentence with `%(name)s` places and what stands in them; translated where it is shown."""

    def __init__(self, text: str, **params: Any) -> None:
        super().__init__(text % params)
        self.text, self.params = text, params


@dataclass(frozen=True)
class Settings:
    """What one installation runs with. `secret_key` signs cookies; folders exist, `instance` is readable by its owner only."""

    instance: Path
    database_url: str
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    secret_key: str = ""
    public_url: str = ""
    smtp_url: str = ""
    demo: bool = False
    demo_password: str = ""
    sample_data: Path | None = None
    log_level: str = "INFO"
    keep_removed_days: int = 365  # of removed fields; 0: for ever
    testing: bool = False

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def address(self) -> str:
        """Where people find this installation, without a slash at the end."""
        return self.public_url or f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether cookies travel over https only."""
        return self.address.startswith("https://")

    @property
    def files(self) -> Path:
        return self.instance / "files"

    @property
    def mail(self) -> Path:
        """Where mails are put when there is no SMTP_URL."""
        return self.instance / "mail"

    @property
    def jobs_database(self) -> Path:
        """The queue of background jobs on SQLite; on PostgreSQL it stands in the database itself."""
        return self.instance / "jobs.db"


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings that the environment asks for; makes INSTANCE and its secret key. Raises BadSetting."""
    env = os.environ if environ is None else environ
    instance = private_folder(Path(env.get("INSTANCE") or "instance"))
    public_url = env.get("PUBLIC_URL", "").rstrip("/")
    if public_url and (urlsplit(public_url).scheme not in ("http", "https") or not urlsplit(public_url).hostname):
        raise BadSetting("PUBLIC_URL must be an address such as https://crm.example.com, not “%(value)s”.", value=public_url)
    return Settings(
        instance=instance,
        database_url=database_url(env.get("DATABASE_URL", ""), instance),
        host=env.get("HOST") or "127.0.0.1",
        port=number(env, "PORT", 8000, 1, 65535),
        workers=number(env, "WORKERS", 2, 1, 256),
        secret_key=secret_key(env.get("SECRET_KEY", ""), instance),
        public_url=public_url,
        smtp_url=one_of(env, "SMTP_URL", "", lambda v: urlsplit(v).scheme in ("smtp", "smtps") and bool(urlsplit(v).hostname), "smtp://user:password@host:587"),
        demo=one_of(env, "DEMO", "0", lambda v: v in ("0", "1"), "0, 1") == "1",
        demo_password=env.get("DEMO_PASSWORD", ""),
        sample_data=Path(env["SAMPLE_DATA"]).resolve() if env.get("SAMPLE_DATA") else None,
        keep_removed_days=number(env, "KEEP_REMOVED_DAYS", 365, 0, 36500),
        log_level=one_of(env, "LOG_LEVEL", "INFO", lambda v: v in ("DEBUG", "INFO", "WARNING", "ERROR"), "DEBUG, INFO, WARNING, ERROR"),
    )


def one_of(env: Mapping[str, str], name: str, default: str, fits: Callable[[str], bool], example: str) -> str:
    value = env.get(name) or default
    if value != default and not fits(value):
        raise BadSetting("%(variable)s must be of this form: %(example)s.", variable=name, example=example)
    return value


def number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and low <= int(text[:9]) <= high):
        raise BadSetting("%(variable)s must be a whole number from %(low)s to %(high)s, not “%(value)s”.", variable=name, low=low, high=high, value=text[:40])
    return int(text)


def database_url(text: str, instance: Path) -> str:
    """The SQLAlchemy address; plain `postgresql://` is taken as psycopg's, a SQLite file may be relative."""
    if not text:
        return f"sqlite:///{instance / 'brama.db'}"
    for short in ("postgresql://", "postgres://"):
        if text.startswith(short):
            return "postgresql+psycopg://" + text.removeprefix(short)
    if text.startswith(("sqlite:///", "postgresql+psycopg://")):
        return text
    raise BadSetting("DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.")


def private_folder(path: Path) -> Path:
    """`path` made absolute and existing; a folder that we make ourselves is closed to other accounts of the machine."""
    full = path.resolve()
    try:
        full.mkdir(parents=True, mode=0o700, exist_ok=True)
    except OSError:
        raise BadSetting("The folder INSTANCE=%(folder)s cannot be made or is no folder.", folder=str(full)) from None
    if not os.access(full, os.W_OK | os.X_OK):
        raise BadSetting("The folder INSTANCE=%(folder)s cannot be written to.", folder=str(full))
    return full


def secret_key(given: str, instance: Path) -> str:
    """The given key, else the one kept in INSTANCE/secret_key, made on first start; two processes starting at once agree on it."""
    if given:
        if len(given) < 16:
            raise BadSetting("SECRET_KEY is too short: at least 16 characters are needed.")
        return given
    path = instance / "secret_key"
    if not path.exists():
        draft = instance / f".secret_key.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = path.read_text().strip()
    if len(key) < 16:
        raise BadSetting("The file %(file)s holds no usable key; restore it from a backup or remove it (all sign-ins end).", file=str(path))
    return key
