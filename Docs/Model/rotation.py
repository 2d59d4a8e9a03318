#!/usr/bin/env python3
"""An exhaustive model of how rota rotates one token.

Modelled: one token with two destinations; up to two processes with nothing between them but the store's
conditional transactions (no lease is relied on); crashes; pauses of any length; requests that are lost, late or
reordered; lost answers; stale reads; a foreign writer; a destination that starts empty; recovery by fencing, as
Rotator+Recover.swift does it: only an accepted write proves, and the vault's history from the first base on tells
whether the value was visible.

Not modelled: time (an overlap may end at once), use by consumers, several tokens, a destination without conditional
writes other than as the rule that is switched off, a vault that lies, emergency revocation, and the editing of
destinations: the store refuses that while a rotation is unfinished.

Every rule of the protocol is a name in RULES. With one left out the search must find a violation.
"""
import argparse
import sys
import time
from collections import deque
from typing import NamedTuple

NONE, PENDING, CURRENT, PREVIOUS, UNCONFIRMED, REVOKED = range(6)
STATES = ("none", "pending", "current", "previous", "unconfirmed", "revoked")
UNSENT, SENDING, VERIFIED, FENCED = range(4)
EMPTY, FOREIGN = -1, -2
PLACES = (0, 1)


class Row(NamedTuple):
    """A push row; a base is the number of writes that the destination had accepted."""
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


class Request(NamedTuple):
    kind: str
    place: int
    base: int
    value: int


class State(NamedTuple):
    store: Store
    histories: tuple  # what each destination held, one value for each accepted write
    wire: frozenset
    processes: tuple
    starts: int
    crashes: int
    foreign: int
    before: tuple  # the store before the last commit, where that one may be lost


class Bounds(NamedTuple):
    versions: int = 2
    processes: int = 2
    starts: int = 2
    crashes: int = 1
    stale: int = 0
    writes: int = 4
    attempts: int = 2
    foreign: int = 0
    rollback: bool = False
    rollback_in_guard: bool = False
    empty: bool = False
    fences: bool = True
    fences_emptiness: bool = True


class Violation(NamedTuple):
    text: str


class Model:
    def __init__(self, bounds, left_out=""):
        self.bounds, self.left_out = bounds, left_out
        self.valid = {PENDING, CURRENT, PREVIOUS, UNCONFIRMED}
        if left_out == "arm-before-push":
            self.valid.discard(PENDING)

    def keeps(self, rule):
        return rule != self.left_out

    def start(self):
        b = self.bounds
        first = (Row(VERIFIED, 1, 0, 0),) * 2
        store = Store((CURRENT,) + (NONE,) * (b.versions - 1), (first,) + ((Row(), Row()),) * (b.versions - 1))
        histories = ((0,), () if b.empty else (0,))
        return State(store, histories, frozenset(), (("idle",),) * b.processes, b.starts, b.crashes, b.foreign, ())

    # What must hold in every state

    def violation(self, state):
        versions, rows = state.store
        for place in PLACES:
            held = self.held(state, place)
            if held >= 0 and versions[held] not in self.valid:
                return f"I1: destination {place} holds v{held + 1}, which is {STATES[versions[held]]}"
        if sum(v in self.valid for v in versions) > 3:
            return "I2: more than three versions are valid"
        if versions.count(CURRENT) != 1:
            return "one current: there is not exactly one"
        if versions.count(PENDING) > 1:
            return "one pending: there are two"
        current = versions.index(CURRENT)
        confirmed = all(r.state == VERIFIED for r in rows[current])
        if not confirmed:
            return f"I3: v{current + 1} is current and not verified everywhere"
        for number, version in enumerate(versions):
            if version != REVOKED or current > number:
                continue
            for place in PLACES:
                if rows[number][place].state in (SENDING, VERIFIED):
                    return f"I3: v{number + 1} is revoked, at {place} neither fenced nor superseded"
                if number in state.histories[place]:
                    return f"I3: v{number + 1} was visible at {place} and is revoked without a successor"
        for r in state.wire:
            if r.kind == "put" and versions[r.value] == REVOKED and r.base == len(state.histories[r.place]):
                return f"in flight: v{r.value + 1} is revoked and may still land at {r.place}"
        return None

    @staticmethod
    def held(state, place):
        return state.histories[place][-1] if state.histories[place] else EMPTY

    def is_goal(self, state):
        versions = state.store.versions
        current = versions.index(CURRENT)
        settled = all(v in (NONE, CURRENT, REVOKED) for v in versions)
        return current > 0 and settled and all(self.held(state, p) == current for p in PLACES)

    # Steps: each yields (what happens, the state after it)

    def steps(self, state):
        yield from self.requests(state)
        yield from self.writers(state)
        for index, process in enumerate(state.processes):
            if process[0] == "idle":
                if state.starts:
                    yield f"P{index} starts", self.turn(state._replace(starts=state.starts - 1), index, ("plan",))
                continue
            if state.crashes:
                yield f"P{index} crashes", self.turn(state._replace(crashes=state.crashes - 1), index, ("idle",))
                if state.before:
                    lost = state._replace(crashes=state.crashes - 1, store=state.before[0], before=())
                    lost = lost._replace(processes=(("idle",),) * len(state.processes))
                    yield "power fails and takes the last commit", lost
            for label, after in getattr(self, "step_" + process[0])(state, index, *process[1:]):
                yield f"P{index} {label}", after

    @staticmethod
    def turn(state, index, process):
        processes = list(state.processes)
        processes[index] = process
        # The processes are alike, so that their order says nothing.
        return state._replace(processes=tuple(sorted(processes)))

    def commit(self, state, store):
        before = () if self.keeps("synced-commit") else (state.store,)
        return state._replace(store=store, before=before)

    def accept(self, state, place, value):
        histories = list(state.histories)
        histories[place] += (value,)
        return state._replace(histories=tuple(histories))

    def reads(self, state, place):
        history = state.histories[place]
        for back in range(self.bounds.stale + 1):
            base = len(history) - back
            if base >= 0 and (base or back == 0 or self.bounds.empty):
                yield base, history[base - 1] if base else EMPTY

    def requests(self, state):
        for request in state.wire:
            kind, place, base, value = request
            rest = state._replace(wire=state.wire - {request})
            waiting = [i for i, p in enumerate(state.processes) if p[0] == "await" and p[1:4] == (place, base, value)]
            name = f"{kind} at {place} (base {base}, value {value + 1})"
            yield name + " is lost", rest
            rule = "conditional-write" if kind == "put" else "conditional-fence"
            if base != len(state.histories[place]) and self.keeps(rule):
                if not self.keeps("refusal-proves-nothing"):
                    for i in waiting:
                        yield name + " is refused", self.turn(rest, i, ("mark",) + state.processes[i][4:])
                continue
            if len(state.histories[place]) >= self.bounds.writes:
                continue
            if kind == "fence" and self.held(state, place) != value:
                yield name, Violation(f"F1: a fence changes what destination {place} holds")
                continue
            landed = self.accept(rest, place, value)
            yield name + " lands, answer lost", landed
            for i in waiting:
                yield name + " lands", self.turn(landed, i, ("mark",) + state.processes[i][4:])

    def writers(self, state):
        if not state.foreign:
            return
        for place in PLACES:
            if len(state.histories[place]) >= self.bounds.writes:
                continue
            spent = state._replace(foreign=state.foreign - 1)
            yield f"a stranger writes at {place}", self.accept(spent, place, FOREIGN)
            # What is claimed holds for a value that still authenticates, put back before the guard looks: nobody
            # can make a read of a vault and a transaction of the store one step.
            guarding = any(p[0] in ("guard", "retire") for p in state.processes)
            restorable = self.bounds.rollback and state.store.versions[0] in self.valid
            if restorable and (not guarding or self.bounds.rollback_in_guard):
                yield f"a stranger puts v1 back at {place}", self.accept(spent, place, 0)

    def step_plan(self, state, index):
        store, pending = state.store, state.store.pending()
        if pending >= 0:
            rows = tuple((r.state, r.attempt) for r in store.rows[pending])
            yield f"finds v{pending + 1} pending", self.turn(state, index, ("probe", 0, pending, rows))
            return
        count = sum(v in self.valid | {PENDING} for v in store.versions)
        fresh = store.versions.index(NONE) if NONE in store.versions else -1
        if fresh >= 0 and (count < 3 or not self.keeps("bound-of-three")):
            armed = self.commit(state, store.version(fresh, PENDING))
            yield f"arms v{fresh + 1}", self.turn(armed, index, ("push", fresh))
        for old, version in enumerate(store.versions):
            if version in (PREVIOUS, UNCONFIRMED) and store.versions.index(CURRENT) > old:
                yield f"means to retire v{old + 1}", self.turn(state, index, ("guard", old, 0))

    def step_probe(self, state, index, place, number, rows):
        for base, value in self.reads(state, place):
            if value == number:
                yield f"reads v{number + 1} at {place}", self.turn(state, index, ("push", number))
            elif place == 0:
                yield "does not see it at 0", self.turn(state, index, ("probe", 1, number, rows))
            else:
                yield "does not see it at 1", self.turn(state, index, ("settle", 0, number, 1, rows))

    def step_settle(self, state, index, place, number, certain, rows):
        """Every row in turn, as the process read it before it probed; then the verdict."""
        if place == 2:
            yield self.verdict(state, index, number, certain)
            return
        kind, attempt = rows[place]
        following = ("settle", place + 1, number)
        skip = not self.keeps("fence-every-row") and place == 1
        if kind in (UNSENT, FENCED) or skip:
            yield f"row {place} is settled", self.turn(state, index, following + (certain, rows))
        elif kind == VERIFIED:
            known = certain if not self.keeps("verified-counts") else 0
            yield f"row {place} is verified", self.turn(state, index, following + (known, rows))
        elif not self.bounds.fences:
            yield f"{place} cannot be fenced", self.turn(state, index, following + (0, rows))
        else:
            yield from self.fence(state, index, place, number, certain, rows)

    def fence(self, state, index, place, number, certain, rows):
        row = state.store.rows[number][place]
        memory = (place, number, certain, rows)
        doubtful = self.turn(state, index, ("settle", place + 1, number, 0, rows))
        for base, value in self.reads(state, place):
            if value == number:
                yield f"it has landed at {place}", self.turn(state, index, ("push", number))
                continue
            if value == EMPTY and not self.bounds.fences_emptiness:
                yield f"{place} is empty and cannot be fenced", doubtful
                continue
            since = row.first_base if self.keeps("first-base") else row.base
            if number in state.histories[place][since:base] and self.keeps("history-decides"):
                yield f"it was visible at {place}", doubtful
                continue
            values = {value}
            if not self.keeps("one-read"):
                values |= {v for _, v in self.reads(state, place)} | set(state.histories[place][-2:])
            for written in values:
                request = Request("fence", place, base, written)
                sent = state._replace(wire=state.wire | {request})
                wait = ("await", place, base, written) + memory
                if not self.keeps("accepted-fence"):
                    wait = ("mark",) + memory
                yield f"sends a fence at {place}, base {base}, value {written + 1}", self.turn(sent, index, wait)

    def step_await(self, state, index, place, base, value, _place, number, certain, rows):
        yield "has no answer, looks again", self.turn(state, index, ("settle", place, number, certain, rows))

    def step_mark(self, state, index, place, number, certain, rows):
        store = state.store
        row = store.rows[number][place]
        same = row.attempt == rows[place][1] or not self.keeps("attempt-unchanged")
        if store.versions[number] != PENDING or row.state != SENDING or not same:
            yield "was overtaken", self.turn(state, index, ("plan",))
            return
        marked = self.commit(state, store.row(number, place, row._replace(state=FENCED)))
        yield f"marks {place} fenced", self.turn(marked, index, ("settle", place + 1, number, certain, rows))

    def verdict(self, state, index, number, certain):
        store = state.store
        if store.versions[number] != PENDING:
            return "was overtaken", self.turn(state, index, ("plan",))
        allowed = {UNSENT, FENCED}
        if not self.keeps("verified-counts"):
            allowed.add(VERIFIED)
        settled = all(r.state in allowed for r in store.rows[number])
        if not self.keeps("fence-every-row"):
            settled = True
        if not self.keeps("abandoned-stays-valid"):
            certain, settled = 1, True
        if certain and not settled:
            return "was overtaken", self.turn(state, index, ("plan",))
        after = self.commit(state, store.version(number, REVOKED if certain else UNCONFIRMED))
        return f"{'discards' if certain else 'leaves unconfirmed'} v{number + 1}", self.turn(after, index, ("plan",))

    def step_push(self, state, index, number):
        store = state.store
        if store.versions[number] != PENDING:
            yield "was overtaken", self.turn(state, index, ("plan",))
            return
        done = [r.state == VERIFIED for r in store.rows[number]]
        if all(done) or (any(done) and not self.keeps("promote-after-all")):
            promoted = store.version(store.versions.index(CURRENT), PREVIOUS).version(number, CURRENT)
            yield f"promotes v{number + 1}", self.turn(self.commit(state, promoted), index, ("plan",))
        for place in PLACES:
            row = store.rows[number][place]
            if row.state == VERIFIED:
                continue
            for base, value in self.reads(state, place):
                if value == number:
                    yield f"reads v{number + 1} back at {place}", self.turn(state, index, ("verify", place, number))
                elif value != FOREIGN:
                    process = ("arm", place, number, base, row.attempt)
                    if not self.keeps("sending-mark"):
                        process = ("send", place, number, base)
                    yield f"probes {place}, base {base}", self.turn(state, index, process)

    def step_verify(self, state, index, place, number):
        store = state.store
        if store.versions[number] != PENDING:
            yield "was overtaken", self.turn(state, index, ("plan",))
            return
        row = store.rows[number][place]._replace(state=VERIFIED)
        yield f"marks {place} verified", self.turn(self.commit(state, store.row(number, place, row)), index,
                                                   ("push", number))

    def step_arm(self, state, index, place, number, base, attempt):
        store = state.store
        row = store.rows[number][place]
        if store.versions[number] != PENDING:
            yield "was overtaken", self.turn(state, index, ("plan",))
        elif row.state == VERIFIED or row.attempt != attempt or base < row.base:
            yield "reads again", self.turn(state, index, ("push", number))
        elif attempt < self.bounds.attempts:
            first = row.first_base if row.state == SENDING else base
            kind = SENDING if row.state != FENCED or self.keeps("leave-fenced") else FENCED
            armed = self.commit(state, store.row(number, place, Row(kind, attempt + 1, base, first)))
            yield f"marks {place} sending, base {base}", self.turn(armed, index, ("send", place, number, base))

    def step_send(self, state, index, place, number, base):
        if not self.keeps("base-of-probe"):
            base = len(state.histories[place])
        sent = state._replace(wire=state.wire | {Request("put", place, base, number)})
        yield f"sends v{number + 1} to {place}, base {base}", self.turn(sent, index, ("push", number))

    def step_guard(self, state, index, old, place):
        if place == 2 or not self.keeps("guard"):
            yield "has looked everywhere", self.turn(state, index, ("retire", old))
            return
        current = state.store.versions.index(CURRENT)
        for _, value in self.reads(state, place):
            after = ("guard", old, place + 1) if value == current else ("plan",)
            yield f"reads {value + 1} at {place}", self.turn(state, index, after)

    def step_retire(self, state, index, old):
        store = state.store
        if store.versions[old] in (PREVIOUS, UNCONFIRMED) and store.versions.index(CURRENT) > old:
            state = self.commit(state, store.version(old, REVOKED))
        yield f"retires v{old + 1}", self.turn(state, index, ("plan",))


class Outcome(NamedTuple):
    states: int
    seconds: float
    violation: str
    trace: list
    stuck: int
    budgeted: int
    exhausted: bool


def search(model, limit, liveness=False):
    """Breadth first, so that a counter-example is a shortest one."""
    began, start = time.monotonic(), model.start()
    parents, queue, into, goals = {start: None}, deque([start]), {}, []
    while queue:
        state = queue.popleft()
        fault = model.violation(state)
        if fault:
            return Outcome(len(parents), time.monotonic() - began, fault, trace(parents, state), 0, 0, False)
        if liveness and model.is_goal(state):
            goals.append(state)
        for label, after in model.steps(state):
            if isinstance(after, Violation):
                steps = trace(parents, state) + [label]
                return Outcome(len(parents), time.monotonic() - began, after.text, steps, 0, 0, False)
            if liveness:
                into.setdefault(after, []).append(state)
            if after not in parents:
                parents[after] = (state, label)
                queue.append(after)
        if len(parents) > limit:
            return Outcome(len(parents), time.monotonic() - began, "", [], 0, 0, False)
    stuck, budgeted = count_stuck(model, parents, into, goals) if liveness else (0, 0)
    return Outcome(len(parents), time.monotonic() - began, "", [], stuck, budgeted, True)


def trace(parents, state):
    steps = []
    while parents[state]:
        state, label = parents[state]
        steps.append(label)
    return steps[::-1]


def count_stuck(model, states, into, goals):
    """States from which no schedule reaches the goal, though budget is left. The graph is finite: where the goal
    can be reached from every state, a schedule that is fair to every step reaches it."""
    good, todo = set(goals), list(goals)
    while todo:
        for before in into.get(todo.pop(), ()):
            if before not in good:
                good.add(before)
                todo.append(before)
    budgeted = [s for s in states if has_budget(model.bounds, s)]
    return sum(s not in good for s in budgeted), len(budgeted)


def has_budget(bounds, state):
    """A start, a version to mint, an attempt for each row of the pending one, room for a fence and a push."""
    pending = state.store.pending()
    attempts = pending < 0 or all(r.attempt < bounds.attempts for r in state.store.rows[pending])
    room = all(len(h) + 2 <= bounds.writes for h in state.histories)
    # A value that nobody minted is a conflict, which waits for a person.
    if any(h and h[-1] == FOREIGN for h in state.histories):
        return False
    return state.starts > 0 and NONE in state.store.versions and attempts and room


RECOVERY = Bounds(versions=3, starts=3, crashes=1, writes=3)
ONE = Bounds(processes=1, versions=3, starts=3, crashes=2, writes=4)
RULES = {
    "arm-before-push": ONE, "synced-commit": ONE, "sending-mark": ONE, "abandoned-stays-valid": ONE._replace(fences=False),
    "bound-of-three": ONE._replace(versions=4, starts=4, crashes=3, fences=False), "promote-after-all": ONE,
    "conditional-write": ONE, "base-of-probe": RECOVERY, "accepted-fence": ONE, "refusal-proves-nothing": RECOVERY,
    "attempt-unchanged": RECOVERY, "conditional-fence": RECOVERY, "one-read": ONE._replace(stale=1),
    "verified-counts": ONE._replace(foreign=1, rollback=True), "history-decides": ONE._replace(foreign=1, rollback=True),
    "first-base": ONE._replace(foreign=1, rollback=True), "fence-every-row": ONE, "leave-fenced": RECOVERY,
    "guard": ONE._replace(foreign=1, rollback=True),
}
TWO = Bounds(writes=3)
SINGLE = Bounds(processes=1, crashes=1)
LIVE = Bounds(processes=1, versions=3, starts=3, crashes=1, writes=3)
STUCK = LIVE._replace(versions=4, starts=4, crashes=2)
SMALL = {
    "one process, three versions": LIVE,
    "one process, two crashes": SINGLE._replace(starts=3, crashes=2),
    "one process, stale reads": SINGLE._replace(stale=1),
    "one process, foreign write": SINGLE._replace(foreign=1),
    "one process, foreign rollback": SINGLE._replace(foreign=1, rollback=True),
    "one process, three versions, empty destination": LIVE._replace(empty=True),
    "two processes, one attempt": TWO._replace(attempts=1),
}
LONG = {
    "two processes": TWO,
    "two processes, empty destination": TWO._replace(empty=True),
    "two processes, stale reads": TWO._replace(stale=1, attempts=1),
    "two processes, foreign rollback": TWO._replace(foreign=1, rollback=True, attempts=1),
    "one process, three versions, four writes": LIVE._replace(writes=4),
}
# What is known not to hold, and is searched for so that nobody believes it: a violation or stuck states.
KNOWN = {
    "rollback between guard and retirement": SINGLE._replace(foreign=1, rollback=True, rollback_in_guard=True),
    "stuck at three: nothing can be fenced": STUCK._replace(fences=False),
    "stuck at three: emptiness cannot be fenced": STUCK._replace(empty=True, fences_emptiness=False),
}


def main():
    parser = argparse.ArgumentParser(description="Searches every state of the rotation protocol.")
    parser.add_argument("--long", action="store_true", help="the larger configurations instead of the small ones")
    parser.add_argument("--only", help="search only the configuration or the left-out rule of this name")
    parser.add_argument("--limit", type=int, default=250_000, help="give up on a search after so many states")
    arguments = parser.parse_args()
    limit = arguments.limit * (20 if arguments.long else 1)
    chosen = LONG if arguments.long else SMALL
    exhausted = violations = stuck = needed = 0
    chosen = {n: b for n, b in chosen.items() if arguments.only in (None, n)}
    for name, bounds in chosen.items():
        found = search(Model(bounds), limit, liveness=True)
        exhausted += found.exhausted
        violations += bool(found.violation)
        stuck += found.stuck
        verdict = found.violation or ("exhausted" if found.exhausted else "limit reached")
        print(f"{name}: {found.states} states, {found.seconds:.1f} s, {verdict}, "
              f"{found.stuck} of {found.budgeted} with budget stuck", flush=True)
        if found.violation:
            print("    " + "\n    ".join(found.trace), flush=True)
    rules = {} if arguments.long else {n: b for n, b in RULES.items() if arguments.only in (None, n)}
    for rule, bounds in rules.items():
        found = search(Model(bounds, rule), limit)
        needed += bool(found.violation)
        verdict = found.violation or "NO COUNTER-EXAMPLE"
        print(f"without {rule}: {found.states} states, {found.seconds:.1f} s, {verdict}", flush=True)
        if found.violation:
            print("    " + "\n    ".join(found.trace), flush=True)
    known = {} if arguments.long else {n: b for n, b in KNOWN.items() if arguments.only in (None, n)}
    for name, bounds in known.items():
        found = search(Model(bounds), limit, liveness=True)
        seen = found.violation or f"{found.stuck} of {found.budgeted} with budget stuck"
        print(f"known limit, {name}: {found.states} states, {found.seconds:.1f} s, {seen}"
              + ("" if found.exhausted or found.violation else ", limit reached"), flush=True)
    print(f"{exhausted} of {len(chosen)} configurations exhausted, {violations} violations, {stuck} stuck; "
          f"{needed} of {len(rules)} rules needed")
    return 0 if exhausted == len(chosen) and not violations and not stuck and needed == len(rules) else 1


if __name__ == "__main__":
    sys.exit(main())
