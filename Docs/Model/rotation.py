#!/usr/bin/env python3
"""An exhaustive model of how rota rotates one token: what is searched, and what is told.

Modelled: one token with two destinations; up to three processes with nothing between them but the store's
conditional transactions (no lease is relied on); crashes; pauses of any length; requests that are lost, late or
reordered; lost answers; stale reads; a foreign writer; destinations that come and go; a destination that starts
empty, whose emptiness can be fenced or is filled first; bases with and without order, and vaults with and without
history; recovery by fencing, as Rotator+Recover.swift does it.

Not modelled: time (an overlap may end at once), use by consumers, several tokens, a destination without conditional
writes other than as the rule that is switched off, a vault that lies, and emergency revocation.

state.py has what a state is made of, protocol.py what must hold and the steps, recovery.py the steps of recovery,
search.py the search. Every rule of the protocol is a name in RULES. With one left out the search must find a violation.
"""
import argparse
import sys

sys.dont_write_bytecode = True

from protocol import Model  # noqa: E402
from search import search  # noqa: E402
from state import Bounds  # noqa: E402

RECOVERY = Bounds(versions=3, starts=3, crashes=1, writes=3)
ONE = Bounds(processes=1, versions=3, starts=3, crashes=2, writes=4)
TWO = Bounds(writes=3)
SINGLE = Bounds(processes=1, crashes=1)
LIVE = Bounds(processes=1, versions=3, starts=3, crashes=1, writes=3)
AT_THREE = LIVE._replace(crashes=2, attempts=1)
FILLED = SINGLE._replace(empty=True, fences_emptiness=False)
FILL_AT_THREE = AT_THREE._replace(empty=True, fences_emptiness=False, writes=5)
EDITED = SINGLE._replace(edits=2)
EMPTIED = EDITED._replace(emptied=True, fences_emptiness=False, attempts=1)
LATE_FILL = Bounds(versions=3, processes=3, starts=1, crashes=0, empty=True, fences_emptiness=False, edits=1,
                   attempts=1, fewer=3, arms_all=False, scene="late fill")
ROLLED_BACK = ONE._replace(foreign=1, rollback=True)
OPAQUE = SINGLE._replace(ordered=False, history="none")
RULES = {
    "arm-before-push": ONE, "synced-commit": ONE, "sending-mark": ONE,
    "abandoned-stays-valid": ONE._replace(fences=False),
    "bound-of-three": ONE._replace(versions=4, starts=4, crashes=3, fences=False), "promote-after-all": ONE,
    "conditional-write": ONE, "base-of-probe": RECOVERY, "accepted-fence": ONE, "refusal-proves-nothing": RECOVERY,
    "attempt-unchanged": RECOVERY, "conditional-fence": RECOVERY, "one-read": ONE._replace(stale=1),
    "verified-counts": ROLLED_BACK, "history-decides": ROLLED_BACK, "first-base": ROLLED_BACK,
    "fence-every-row": ONE, "leave-fenced": RECOVERY, "guard": ROLLED_BACK,
    "a-differing-base-proves-nothing": OPAQUE._replace(history="values", stale=1, foreign=1, rollback=True),
    "no-history-means-seen": OPAQUE._replace(foreign=1, rollback=True),
    "conditional-fill": FILLED, "fill-is-current": FILLED._replace(foreign=1), "fill-is-read-back": FILLED,
    "fill-row-first": LATE_FILL, "fill-while-current": LATE_FILL, "superseded-where-sent": LATE_FILL,
    "rows-are-kept": EDITED, "gone-while-under-way": EDITED,
    "back-in-doubt": EDITED._replace(foreign=1, rollback=True),
    "back-at-another-attempt": EDITED._replace(foreign=1, rollback=True),
    "marked-where-it-is": EDITED, "gone-though-verified": EMPTIED, "filled-where-it-is": EMPTIED,
    "new-place-is-guarded": EDITED._replace(absent=True, edits=1),
    "guard-saw-all": EDITED._replace(absent=True, edits=1),
}
SMALL = {
    "one process, three versions": LIVE,
    "one process, two crashes": SINGLE._replace(starts=3, crashes=2),
    "one process, stale reads": SINGLE._replace(stale=1),
    "one process, foreign write": SINGLE._replace(foreign=1),
    "one process, foreign rollback": SINGLE._replace(foreign=1, rollback=True),
    "one process, three versions, empty destination": LIVE._replace(empty=True),
    "two processes, one attempt": TWO._replace(attempts=1),
    "opaque bases, no history, foreign rollback": OPAQUE._replace(foreign=1, rollback=True),
    "opaque bases, writes counted, foreign rollback": OPAQUE._replace(history="writes", foreign=1, rollback=True),
    "opaque bases, no history, stale reads": OPAQUE._replace(stale=1),
    "filled, two crashes": FILLED._replace(starts=3, crashes=2),
    "filled, three versions, two crashes": FILL_AT_THREE,
    "filled, foreign write or deletion": FILLED._replace(foreign=1, deletion=True),
    "a destination comes": EDITED._replace(absent=True, edits=1),
    "a destination comes empty and is filled": FILLED._replace(edits=1, absent=True, starts=3, crashes=2),
    "a destination goes and comes": EDITED._replace(attempts=1),
    "an emptied destination goes, is filled late and comes": EMPTIED,
}
LONG = {
    "two processes": TWO,
    "two processes, empty destination": TWO._replace(empty=True),
    "two processes, stale reads": TWO._replace(stale=1, attempts=1),
    "two processes, foreign rollback": TWO._replace(foreign=1, rollback=True, attempts=1),
    "one process, three versions, four writes": LIVE._replace(writes=4),
    "two processes, opaque bases, no history, foreign rollback": TWO._replace(
        ordered=False, history="none", attempts=1, foreign=1, rollback=True),
    "two processes, filled": TWO._replace(empty=True, fences_emptiness=False),
    "filled late, where arming knows every place": LATE_FILL._replace(arms_all=True),
    "two processes, a destination comes empty and is filled": TWO._replace(
        edits=1, absent=True, empty=True, fences_emptiness=False, attempts=1),
    "two processes, a destination comes": TWO._replace(attempts=1, absent=True, edits=1),
    "two processes, a destination goes and comes": TWO._replace(attempts=1, edits=2),
    "a destination goes and comes, foreign rollback": EDITED._replace(foreign=1, rollback=True, attempts=1),
    "a destination goes and comes, two attempts": EDITED,
    "destinations go and come, three edits": EDITED._replace(edits=3, attempts=1),
    "a destination goes, is filled late and comes, foreign write or deletion": EMPTIED._replace(
        emptied=False, foreign=1, deletion=True),
}
# What is known not to hold, and is searched for so that nobody believes it: a violation or stuck states.
KNOWN = {
    "rollback and a guard that reads what is stale": SINGLE._replace(foreign=1, rollback=True, stale=1),
    "rollback between guard and retirement": SINGLE._replace(foreign=1, rollback=True, rollback_in_guard=True),
    "stuck at three: nothing can be fenced": AT_THREE._replace(fences=False),
    "stuck at three: emptiness is neither fenced nor filled": FILL_AT_THREE._replace(fills=False),
    "stuck at three: no history": AT_THREE._replace(ordered=False, history="none"),
}
KNOWN_LONG = {
    "stuck at three: filled late, where arming knows only the places that it has seen": LATE_FILL,
    "stuck at three: a destination comes back with an older value": LIVE._replace(edits=2, attempts=1),
}


def tell(name, found):
    verdict = found.violation or ("exhausted" if found.exhausted else "limit reached")
    print(f"{name}: {found.states} states, {found.seconds:.1f} s, {verdict}, "
          f"{found.stuck} stuck of {found.free} free", flush=True)


def tell_trace(found):
    if found.trace:
        print("    " + "\n    ".join(found.trace), flush=True)


def main():
    parser = argparse.ArgumentParser(description="Searches every state of the rotation protocol.")
    parser.add_argument("--long", action="store_true", help="the larger configurations instead of the small ones")
    parser.add_argument("--only", help="search only the configuration or the left-out rule of this name")
    parser.add_argument("--limit", type=int, default=250_000, help="give up on a search after so many states")
    arguments = parser.parse_args()
    limit = arguments.limit * (20 if arguments.long else 1)

    def chosen(them):
        return {n: b for n, b in them.items() if arguments.only in (None, n)}

    configurations = chosen(LONG if arguments.long else SMALL)
    exhausted = violations = stuck = needed = 0
    for name, bounds in configurations.items():
        found = search(Model(bounds), limit, liveness=True, compact=arguments.long)
        exhausted += found.exhausted
        violations += bool(found.violation)
        stuck += found.stuck
        tell(name, found)
        tell_trace(found)
    rules = {} if arguments.long else chosen(RULES)
    for rule, bounds in rules.items():
        found = search(Model(bounds, rule), limit)
        needed += bool(found.violation)
        print(f"without {rule}: {found.states} states, {found.seconds:.1f} s, "
              f"{found.violation or 'NO COUNTER-EXAMPLE'}", flush=True)
        tell_trace(found)
    for name, bounds in chosen(KNOWN_LONG if arguments.long else KNOWN).items():
        tell("known limit, " + name, search(Model(bounds), limit, liveness=True, compact=arguments.long))
    print(f"{exhausted} of {len(configurations)} configurations exhausted, {violations} violations, {stuck} stuck; "
          f"{needed} of {len(rules)} rules needed")
    whole = exhausted == len(configurations) and not violations and not stuck and needed == len(rules)
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
