"""The errors that use cases raise, mapped to pages in one place.

Every message is a plain English sentence written to be shown, with what can be done.
This module must never import anything of ours.

    AppError
    ├── NotFound     what was asked for does not exist, or is somebody else's (its existence is private)
    ├── NotAllowed   the person may know of it but not do this
    ├── Conflict     the state of things forbids it now
    └── Invalid      a value cannot be used; names the field it came from
"""


class AppError(Exception):
    """Base of every error that a person can be told about.

    Args:
        message: one plain sentence, shown as it is.
    """

    status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(AppError):
    """Say that nothing is there for this person."""

    status = 404

    def __init__(self, message: str = "There is nothing at this address.") -> None:
        super().__init__(message)


class NotAllowed(AppError):
    """Say that this person may not do this."""

    status = 403


class Conflict(AppError):
    """Say that the present state forbids it."""

    status = 409


class Invalid(AppError):
    """Say which value cannot be used, and why.

    Args:
        message: one plain sentence saying what to enter.
        field: the form field it belongs to, or an empty string for the whole form.
    """

    status = 422

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field
