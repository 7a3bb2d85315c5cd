"""The proof for everyone: plays one evening for different people with the same count and compares what is kept.

It works on an installation of its own, made for the occasion and thrown away. It must never open a row of the
installation that it is run in, but its settings, and nothing of the program may import it but the command line.
"""
