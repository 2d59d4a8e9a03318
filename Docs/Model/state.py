"""What a state of the model is made of: the store, the destinations, the requests under way and the processes."""
from typing import NamedTuple

NONE, PENDING, CURRENT, PREVIOUS, UNCONFIRMED, REVOKED = range(6)
STATES = ("none", "pending", "current", "previous", "unconfirmed", "revoked")
# A row that is MISSING: the version was never meant for this place. It is also how a row looks whose place was taken
# away, though it is kept.
UNSENT, SENDING, VERIFIED, FENCED, MISSING = range(5)
# Not -2, which has the hash of -1.
EMPTY, FOREIGN = -1, -3
PLACES = (0, 1)
# Where a destination is not one of the token's: never yet; taken away; taken away before anything that may still be
# under way was begun (`Destination.longestPause`).
NEVER, GONE, LONG_GONE = -1, -3, -4


class Unfair(str):
    """A step that a fair schedule need not take: a loss, a stale read, a crash, a stranger, an operator."""


class Violation:
    """In place of the state after a step that must never be taken."""

    def __init__(self, text):
        self.text = text


# In place of the state after a step that only the bounds of the search forbid.
BEYOND = object()


def told(value):
    return {EMPTY: "nothing", FOREIGN: "a stranger's value"}.get(value, f"v{value + 1}")


class Row(NamedTuple):
    """A push row; a base is the number of writes that the destination had accepted, and stands for an identity."""
    state: int = UNSENT
    attempt: int = 0
    base: int = 0
    first_base: int = 0


class Store(NamedTuple):
    versions: tuple
    rows: tuple

    def version(self, number, state):
        return self._replace(versions=self.versions[:number] + (state,) + self.versions[number + 1:])

    def row(self, number, place, row):
        pair = self.rows[number]
        pair = (row, pair[1]) if place == 0 else (pair[0], row)
        return self._replace(rows=self.rows[:number] + (pair,) + self.rows[number + 1:])

    def pending(self):
        return self.versions.index(PENDING) if PENDING in self.versions else -1

    def current(self):
        return self.versions.index(CURRENT)


class Request(NamedTuple):
    kind: str  # "put", "fence" or "fill"
    place: int
    base: int
    value: int


class State(NamedTuple):
    store: Store
    histories: tuple  # what each destination held, one value for each accepted write
    since: tuple  # how long each history was when the place became a destination; negative where it is none
    wire: frozenset
    processes: tuple
    starts: int
    crashes: int
    foreign: int
    edits: int
    before: tuple  # the store before the last commit, where that one may be lost

    def has(self, place):
        return self.since[place] >= 0

    def row(self, number, place):
        """What the statements see of a row: none where its place is not there."""
        return self.store.rows[number][place] if self.has(place) else Row(MISSING)

    def seen(self):
        """The places of the token, and its revision: each edit raises that, and nothing else that matters here."""
        return self.since, self.edits

    def held(self, place):
        return self.histories[place][-1] if self.histories[place] else EMPTY


class Bounds(NamedTuple):
    versions: int = 2
    processes: int = 2
    starts: int = 2
    crashes: int = 1
    stale: int = 0
    writes: int = 4
    fewer: int = 0  # by how many the second place accepts fewer writes than the first
    attempts: int = 2
    foreign: int = 0
    rollback: bool = False
    rollback_in_guard: bool = False
    deletion: bool = False
    edits: int = 0
    arms_all: bool = True  # whether arming is refused where a place has come that it does not know of
    absent: bool = False  # the second place is none of the token's at first
    empty: bool = False
    emptied: bool = False  # somebody has emptied the first place, which held the current value
    fences: bool = True
    fences_emptiness: bool = True
    fills: bool = True
    ordered: bool = True
    history: str = "values"  # what a vault tells of its past: its values, that it was written to, or none
    scene: str = ""
