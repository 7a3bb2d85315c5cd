"""Lets `python -m facilitator VERB` run."""

import sys

from facilitator.cli import main

if __name__ == "__main__":
    sys.exit(main())
