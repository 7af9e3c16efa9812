"""Ready packages of configuration: for each a file beside this module, that `flask config apply` reads as it is."""

from pathlib import Path

from crm.errors import NotFound
from crm.messages import m

HERE = Path(__file__).resolve().parent
KEYS = tuple(sorted(file.stem for file in HERE.glob("*.yaml")))


def text_of(key: str) -> str:
    """The file of a package. Raises NotFound."""
    if key not in KEYS:
        raise NotFound(m("There is no package “%(key)s”. There are %(known)s.", key=key[:64], known=", ".join(KEYS)))
    return (HERE / f"{key}.yaml").read_text(encoding="utf-8")
