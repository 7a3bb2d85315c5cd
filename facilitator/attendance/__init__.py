"""How many people came, as one coded total per session: the open room, the tally and the pulse, and no people."""
