"""Hashes and checks passwords; the only place that knows how.

scrypt with OWASP's parameters (N=2^15, r=8, p=3), about 0.3 s and 32 MB each, so no more than two run at once:
a flood of sign-ins cannot starve the pages.
"""

from threading import BoundedSemaphore

from werkzeug.security import check_password_hash, generate_password_hash

from facilitator.errors import Invalid

METHOD = "scrypt:32768:8:3"
AT_ONCE = 2
SHORTEST, LONGEST = 12, 200
_turns = BoundedSemaphore(AT_ONCE)
# checked when no account is found, so that an unknown address takes as long as a wrong password
_NOBODY = "scrypt:32768:8:3$0000000000000000$" + "0" * 128


def hash_password(password: str) -> str:
    """Return the hash to store."""
    with _turns:
        return generate_password_hash(password, method=METHOD)


def check_password(stored: str | None, password: str) -> bool:
    """Tell whether the password is the one behind the stored hash; None takes as long and is never right."""
    with _turns:
        right = check_password_hash(stored or _NOBODY, password)
    return right and stored is not None


def is_outdated(stored: str) -> bool:
    """Tell whether a hash was made with weaker parameters than today's."""
    return not stored.startswith(METHOD)


def validate_password(password: str, field: str = "password") -> None:
    """Refuse a password that is too short or too long; any characters may stand in it.

    Raises:
        Invalid: saying how long it is to be (NIST SP 800-63B-4: length counts, composition rules do not).
    """
    if len(password) < SHORTEST:
        raise Invalid(
            "Enter a password of at least {least} characters. Several words work well.", field, least=SHORTEST
        )
    if len(password) > LONGEST:
        raise Invalid("Enter a password of at most {most} characters.", field, most=LONGEST)
