"""Repeatable chance for the proof: two evenings can be compared byte for byte only when both draw the same numbers.

Every id, key, nonce, salt and token comes from the operating system's source, which Python reads under two names:
`os.urandom`, and the one that `random` took from it and `secrets` draws from. Both are replaced here while a block
runs, in this process alone. So the program has no switch by which its chance could be weakened: nothing in it knows
that it is being proved, and a draw that is added to it later is repeated without being told.
This module must never be used but by the proof and its tests; what is made meanwhile keeps no secret.
"""

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


@contextmanager
def repeated(seed: str) -> Iterator[None]:
    """Draw the same numbers in the same order each time that a block is run with this seed."""
    source, turn = random.Random(seed), threading.Lock()  # noqa: S311 - repeatable on purpose

    def draw(count: int) -> bytes:
        with turn:  # the mailbox listens in a thread of its own
            return source.randbytes(count)

    with patch.object(os, "urandom", draw), patch.object(random, "_urandom", draw):
        yield
