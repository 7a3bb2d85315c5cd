"""The two accounts of the demonstration, printed at start and shown on its sign-in page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLogin:
    """One account of the demonstration; it exists nowhere else, so its password is no secret."""

    name: str
    email: str
    password: str


LOGINS = (
    DemoLogin(name="Ana", email="ana@example.org", password="a quiet room"),  # noqa: S106 - made up
    DemoLogin(name="Sam", email="sam@example.org", password="a quiet room"),  # noqa: S106 - made up
)
