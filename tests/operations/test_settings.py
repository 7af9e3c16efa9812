"""Settings from the environment: defaults, the key of the installation, and one sentence for what makes no sense."""

import stat
from pathlib import Path

import pytest

from config import BadSetting, Settings, from_environment


def given(tmp_path: Path, **variables: str) -> Settings:
    return from_environment({"INSTANCE": str(tmp_path / "instance"), **variables})


def test_without_variables_a_sqlite_file_under_the_instance_is_served_on_port_8000(tmp_path: Path) -> None:
    settings = given(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/instance/brama.db"
    assert (settings.host, settings.port, settings.workers, settings.demo) == ("127.0.0.1", 8000, 2, False)
    assert settings.address == "http://127.0.0.1:8000"
    assert not settings.secure


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first, second = given(tmp_path), given(tmp_path)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) > 40
    assert stat.S_IMODE((tmp_path / "instance" / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "instance").stat().st_mode) == 0o700


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    assert given(tmp_path / "a").secret_key != given(tmp_path / "b").secret_key


def test_a_given_key_is_taken_and_none_is_written(tmp_path: Path) -> None:
    assert given(tmp_path, SECRET_KEY="k" * 40).secret_key == "k" * 40
    assert not (tmp_path / "instance" / "secret_key").exists()


def test_only_an_https_address_makes_cookies_secure(tmp_path: Path) -> None:
    assert given(tmp_path, PUBLIC_URL="https://crm.example.com/").secure
    assert not given(tmp_path, PUBLIC_URL="http://crm.example.com").secure


@pytest.mark.parametrize("text", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_every_spelling_of_postgresql_means_one_driver(tmp_path: Path, text: str) -> None:
    assert given(tmp_path, DATABASE_URL=text).database_url == "postgresql+psycopg://u@h/d"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", "９"),
        ("WORKERS", "-1"),
        ("WORKERS", "99999999999999999999"),
        ("DATABASE_URL", "mysql://x"),
        ("PUBLIC_URL", "crm.example.com"),
        ("PUBLIC_URL", "ftp://crm.example.com"),
        ("SMTP_URL", "mail.example.com"),
        ("DEMO", "yes"),
        ("SECRET_KEY", "short"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadSetting) as refused:
        given(tmp_path, **{name: value})
    assert name in str(refused.value)
    assert value == "short" or "%(" not in str(refused.value)


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "instance").write_text("")
    with pytest.raises(BadSetting, match="INSTANCE"):
        given(tmp_path)
