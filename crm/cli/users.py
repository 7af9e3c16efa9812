"""`flask user …`: people from the command line."""

import sys

import click

from crm.backoffice.guard import system_session
from crm.cli.base import answer, group, runtime, say
from crm.errors import NotFound
from crm.messages import m
from crm.organization.founding import add_person, person_by_email
from crm.organization.invitations import ask
from crm.organization.second_factor import reset


@group("user", help="People of the company.")
def user() -> None:
    pass


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The person's full name.")
@click.option("--role", "roles", multiple=True, help="Key of a role; may be repeated.")
@click.option("--department", help="Code of a department.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input; without it an invitation is mailed.")
def add(email: str, name: str, roles: tuple[str, ...], department: str | None, password_stdin: bool) -> None:
    """Add a person who signs in with EMAIL."""
    password = read_password() if password_stdin else None
    here = runtime()
    with system_session(here.engine, "flask user add", here.refresh(), write=True) as session:
        user_id = add_person(session, email, name, roles=roles, department=department, password=password)
        if password is None:
            ask(session, user_id, "invitation")
        session.commit()
    answer({"user": user_id, "email": email, "roles": list(roles), "invited": password is None})
    if password is None:
        say(m("An invitation to %(email)s will be mailed by the job worker.", email=email))


@user.command("reset-second-factor")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    """Let EMAIL sign in by the password alone, and end the person's sign-ins."""
    here = runtime()
    with system_session(here.engine, "flask user reset-second-factor", here.refresh(), write=True) as session:
        user_id = person_by_email(session, email)
        if user_id is None:
            raise NotFound()
        had = reset(session, user_id)
        session.commit()
    answer({"user": user_id, "email": email, "reset": had})


def read_password() -> str:
    """The first line of standard input, without its end."""
    return sys.stdin.readline().rstrip("\r\n")
