"""The error tree; the command line turns each into one line and an exit code.

KgError
├── UsageError       2  the request cannot be understood or is refused
├── InputError       1  one input cannot be read; the others go on
├── StoreError       3  the store is missing, locked, damaged or full
└── LimitError       4  a limit of time, rows or memory was reached
"""


class KgError(Exception):
    """An error whose message is written for the person at the keyboard.

    Attributes:
        detail: Lines that show the place, for beneath the message.
    """

    exit_code = 1
    detail = ""


class UsageError(KgError):
    """The request cannot be understood or is refused."""

    exit_code = 2


class InputError(KgError):
    """One input cannot be read.

    Attributes:
        path: The input as the user named it.
        reason: Why it cannot be read, in a few words.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class StoreError(KgError):
    """The store is missing, locked, damaged or full."""

    exit_code = 3


class LimitError(KgError):
    """A limit of time, rows or memory was reached."""

    exit_code = 4
