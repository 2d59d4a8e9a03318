"""The rotation protocol: what must hold in every state, and every step that anybody can take."""
from recovery import Recovery
from state import (BEYOND, CURRENT, EMPTY, FENCED, FOREIGN, GONE, LONG_GONE, MISSING, NEVER, NONE, PENDING, PLACES,
                   PREVIOUS, REVOKED, SENDING, STATES, UNCONFIRMED, UNSENT, VERIFIED, Request, Row, State, Store,
                   Unfair, Violation, told)

# What a process may be in the middle of that ends with a write to a place, and where its memory has the place.
ABOUT_TO_WRITE = {"send": 1, "pour": 3}


class Model(Recovery):
    def __init__(self, bounds, left_out=""):
        self.bounds, self.left_out = bounds, left_out
        self.valid = {PENDING, CURRENT, PREVIOUS, UNCONFIRMED}
        if left_out == "arm-before-push":
            self.valid.discard(PENDING)

    def keeps(self, rule):
        return rule != self.left_out

    def start(self):
        b = self.bounds
        second = b.absent or b.empty
        first = (Row(VERIFIED, 1, 0, 0), Row(MISSING) if second else Row(VERIFIED, 1, 0, 0))
        store = Store((CURRENT,) + (NONE,) * (b.versions - 1), (first,) + ((Row(MISSING),) * 2,) * (b.versions - 1))
        histories = ((0, EMPTY) if b.emptied else (0,), () if b.empty else (0,))
        since = (0, NEVER if b.absent else 0)
        state = State(store, histories, since, frozenset(), (("idle",),) * b.processes, b.starts, b.crashes,
                      b.foreign, b.edits, ())
        return self.late_fill(state) if b.scene else state

    @staticmethod
    def late_fill(state):
        """The second place was added while v2 was pending, and v2 armed there by a process that has died. v2 was
        seen at the first place, where a stranger has put v1 back. One process knows of v2's row there what it was
        before that; another one still means to arm v3, and knows nothing of the new place."""
        rows = state.store.rows
        store = Store((CURRENT, PENDING, NONE), (rows[0], (Row(SENDING, 1, 1, 1), Row(SENDING, 1, 0, 0)), rows[2]))
        late = ("settle", 0, 1, 1, ((SENDING, 1), (UNSENT, 0)))
        return state._replace(store=store, histories=((0, 1, 0), ()), since=(0, 0), edits=0,
                              processes=tuple(sorted((("idle",), late, ("mint", 2, ((0, NEVER), 1))))))

    # What must hold in every state

    def violation(self, state):
        versions = state.store.versions
        for place in PLACES:
            held = state.held(place)
            if state.has(place) and held >= 0 and versions[held] not in self.valid:
                return f"I1: destination {place} holds v{held + 1}, which is {STATES[versions[held]]}"
        if sum(v in self.valid for v in versions) > 3:
            return "I2: more than three versions are valid"
        if versions.count(CURRENT) != 1:
            return "one current: there is not exactly one"
        if versions.count(PENDING) > 1:
            return "one pending: there are two"
        current = versions.index(CURRENT)
        for number, version in enumerate(versions):
            for place in PLACES:
                fault = self.violation_at(state, number, version, place, current)
                if fault:
                    return fault
        for r in state.wire:
            lands = state.has(r.place) and r.base == len(state.histories[r.place])
            if r.kind != "fence" and lands and r.value >= 0 and versions[r.value] == REVOKED:
                return f"in flight: v{r.value + 1} is revoked and may still land at {r.place}"
        return None

    @staticmethod
    def violation_at(state, number, version, place, current):
        row, history = state.store.rows[number][place], state.histories[place]
        if row.state == VERIFIED and number not in history:
            return f"verified: v{number + 1} never was at {place}"
        if not state.has(place):
            return None
        lately = history[max(state.since[place] - 1, 0):]
        if version == PENDING and row.state == VERIFIED and number not in lately:
            return f"verified: v{number + 1} was not at {place} since that came back"
        if version != REVOKED:
            return None
        newer = [rows[place].state for rows in state.store.rows[number + 1:]]
        if row.state in (SENDING, VERIFIED) and not (current > number and VERIFIED in newer):
            return f"I3: v{number + 1} is revoked, at {place} neither fenced nor superseded"
        if current < number and number in lately:
            return f"I3: v{number + 1} was visible at {place} and is revoked without a successor"
        return None

    @staticmethod
    def is_goal(state):
        """Every destination holds the current value, save one that waits for the next rotation; all else is over."""
        versions = state.store.versions
        current = versions.index(CURRENT)
        settled = all(v in (NONE, CURRENT, REVOKED) for v in versions)
        return current > 0 and settled and all(
            state.held(p) == current or not state.has(p)
            or (state.row(current, p).state == MISSING and state.held(p) < 0) for p in PLACES)

    @staticmethod
    def waits_for_person(state):
        """A value that nobody minted is a conflict, and a token without destinations a riddle."""
        present = [p for p in PLACES if state.has(p)]
        return not present or any(state.held(p) == FOREIGN for p in present)

    # Steps: each yields (what happens, the state after it), or BEYOND where only the bounds forbid the step

    def steps(self, state):
        yield from self.requests(state)
        if state.foreign:
            yield from self.writers(state)
        if state.edits:
            yield from self.editors(state)
            yield from self.long_gone(state)
        for index, process in enumerate(state.processes):
            if process[0] == "idle":
                if state.starts:
                    yield f"P{index} starts", self.turn(state._replace(starts=state.starts - 1), index, ("plan",))
                elif all(p[0] == "idle" for p in state.processes):
                    yield f"P{index} would start", BEYOND
                continue
            if state.crashes:
                crashed = state._replace(crashes=state.crashes - 1)
                yield Unfair(f"P{index} crashes"), self.turn(crashed, index, ("idle",))
                if state.before:
                    lost = crashed._replace(store=state.before[0], before=())
                    lost = lost._replace(processes=(("idle",),) * len(state.processes))
                    yield Unfair("power fails and takes the last commit"), lost
            for label, after in getattr(self, "step_" + process[0])(state, index, *process[1:]):
                yield (label, after) if after is BEYOND else (type(label)(f"P{index} {label}"), after)

    @staticmethod
    def turn(state, index, process):
        processes = list(state.processes)
        processes[index] = process
        # The processes are alike, so that their order says nothing.
        return state._replace(processes=tuple(sorted(processes)))

    def commit(self, state, store):
        before = () if self.keeps("synced-commit") else (state.store,)
        return state._replace(store=store, before=before)

    @staticmethod
    def accept(state, place, value):
        histories = list(state.histories)
        histories[place] += (value,)
        return state._replace(histories=tuple(histories))

    def reads(self, state, place):
        """Base and value together, and how to tell it: nobody need read what is stale."""
        history = state.histories[place]
        for back in range(self.bounds.stale + 1):
            base = len(history) - back
            if base >= 0 and (base or back == 0 or self.bounds.empty):
                yield base, history[base - 1] if base else EMPTY, Unfair if back else str

    def requests(self, state):
        for request in state.wire:
            kind, place, base, value = request
            rest = state._replace(wire=state.wire - {request})
            waiting = [i for i, p in enumerate(state.processes) if p[0] == "await" and p[1:4] == (place, base, value)]
            name = f"{kind} at {place} (base {base}, {told(value)})"
            yield Unfair(name + " is lost"), rest
            rule = {"put": "conditional-write", "fence": "conditional-fence", "fill": "conditional-fill"}[kind]
            if base != len(state.histories[place]) and self.keeps(rule):
                if not self.keeps("refusal-proves-nothing"):
                    for i in waiting:
                        yield name + " is refused", self.turn(rest, i, ("mark",) + state.processes[i][4:])
                continue
            if self.is_full(state, place):
                yield name + " would land", BEYOND
                continue
            if kind == "fence" and state.held(place) != value:
                yield name, Violation(f"F1: a fence changes what destination {place} holds")
                continue
            if kind == "fill" and value == FOREIGN:
                yield name, Violation(f"F2: destination {place} is filled with somebody else's value")
                continue
            landed = self.accept(rest, place, value)
            answered = [(name + " lands", self.turn(landed, i, ("mark",) + state.processes[i][4:])) for i in waiting]
            # What nobody waits for needs no answer.
            yield (Unfair if waiting else str)(name + " lands, answer lost"), landed
            yield from answered

    def is_full(self, state, place):
        return len(state.histories[place]) >= self.bounds.writes - place * self.bounds.fewer

    # Others: who writes to a vault beside us, and who edits the token's destinations

    def writers(self, state):
        for place in PLACES:
            if self.is_full(state, place):
                continue
            spent = state._replace(foreign=state.foreign - 1)
            yield Unfair(f"a stranger writes at {place}"), self.accept(spent, place, FOREIGN)
            if self.bounds.deletion:
                yield Unfair(f"a stranger empties {place}"), self.accept(spent, place, EMPTY)
            # What is claimed holds for a value that still authenticates, put back before the guard looks: nobody
            # can make a read of a vault and a transaction of the store one step.
            guarding = any(p[0] in ("guard", "retire") for p in state.processes)
            restorable = self.bounds.rollback and state.store.versions[0] in self.valid
            if restorable and (not guarding or self.bounds.rollback_in_guard):
                yield Unfair(f"a stranger puts v1 back at {place}"), self.accept(spent, place, 0)

    def editors(self, state):
        """Decisions 0019 and 0022. A place holds the value of one token, so what a removed place holds is nobody's."""
        store = state.store
        present = sum(map(state.has, PLACES))
        is_open = any(v in (PENDING, UNCONFIRMED) for v in store.versions[store.current():])
        for place in PLACES:
            since = list(state.since)
            spent = state._replace(edits=state.edits - 1)
            if state.has(place):
                if present == 1 and is_open:
                    continue
                since[place] = GONE
                forgotten = {VERIFIED} if self.keeps("rows-are-kept") else set(range(MISSING))
                changed = self.without_rows(store, place, forgotten, self.keeps("rows-are-kept"))
                label = f"{place} is taken away"
            elif self.may_come(state, place):
                since[place] = len(state.histories[place])
                changed = self.come(self.without_rows(store, place, set(range(MISSING)), True), place)
                label = f"{place} is added"
            else:
                continue
            yield Unfair(label), self.commit(spent._replace(since=tuple(since)), changed)

    @staticmethod
    def without_rows(store, place, states, of_ended):
        """A place is refused for a proved row of what has ended since it went away, so that one of what ended before
        is forgotten. What has ended is not followed any more when a place has come back."""
        for number, version in enumerate(store.versions):
            if store.rows[number][place].state in states and (version == REVOKED or not of_ended):
                store = store.row(number, place, Row(MISSING))
        return store

    def come(self, store, place):
        """Only a pending version goes on there, with the row that it had."""
        pending = store.pending()
        if pending < 0:
            return store
        row = store.rows[pending][place]
        if row.state == MISSING:
            return store.row(pending, place, Row())
        if row.state == VERIFIED and self.keeps("back-in-doubt"):
            row = row._replace(state=SENDING)
        if self.keeps("back-at-another-attempt"):
            row = row._replace(attempt=row.attempt + 1)
        return store.row(pending, place, row)

    def may_come(self, state, place):
        """A place whose consumers are locked out already is nobody's fault here."""
        held = state.held(place)
        if held >= 0 and state.store.versions[held] not in self.valid:
            return False
        if state.since[place] != GONE or not self.keeps("gone-while-under-way"):
            return True
        may_land = {SENDING, VERIFIED} if self.keeps("gone-though-verified") else {SENDING}
        return not any(version == REVOKED and rows[place].state in may_land
                       for version, rows in zip(*state.store))

    def long_gone(self, state):
        """Who has marked a row sends within the longest pause, and a request is not under way for longer."""
        for place in PLACES:
            under_way = any(r.place == place and r.kind != "fence" for r in state.wire) or any(
                p[0] in ABOUT_TO_WRITE and p[ABOUT_TO_WRITE[p[0]]] == place for p in state.processes)
            if state.since[place] == GONE and not under_way:
                since = list(state.since)
                since[place] = LONG_GONE
                yield Unfair(f"{place} was taken away long ago"), state._replace(since=tuple(since))

    # The steps of a process that has the value, or looks for what is to be done

    def step_plan(self, state, index):
        store, pending = state.store, state.store.pending()
        if pending >= 0:
            rows = tuple(state.row(pending, place)[:2] for place in PLACES)
            yield f"finds v{pending + 1} pending", self.turn(state, index, ("probe", 0, pending, rows))
            return
        count = sum(v in self.valid | {PENDING} for v in store.versions)
        fresh = store.versions.index(NONE) if NONE in store.versions else -1
        if fresh >= 0 and (count < 3 or not self.keeps("bound-of-three")) and any(map(state.has, PLACES)):
            mint = ("mint", fresh, state.seen())
            if self.bounds.edits:
                yield f"means to arm v{fresh + 1}", self.turn(state, index, mint)
            else:
                yield from self.step_mint(state, index, *mint[1:])
        elif fresh < 0 and count < 3 and self.needs_rotation(state):
            yield "would arm a further one", BEYOND
        for old, version in enumerate(store.versions):
            if version in (PREVIOUS, UNCONFIRMED) and store.current() > old:
                yield f"means to retire v{old + 1}", self.turn(state, index, ("guard", old, 0, state.seen()))

    def needs_rotation(self, state):
        """No rotation was finished yet, a value was lost, a place does not hold what the guard wants there, the
        current value has no place left, or an older one was sent where the current one was not seen."""
        store, current = state.store, state.store.current()
        meant = [p for p in PLACES if state.row(current, p).state != MISSING]
        drifted = any(state.held(p) != current if p in meant else state.has(p) and state.held(p) >= 0 for p in PLACES)
        elsewhere = any(store.versions[old] in (PREVIOUS, UNCONFIRMED) and not self.is_superseded(state, old)
                        for old in range(current))
        return current == 0 or UNCONFIRMED in store.versions[current:] or drifted or not meant or elsewhere

    @staticmethod
    def is_superseded(state, old):
        """`isSuperseded` of the gate: the current version was seen wherever this one was ever sent."""
        current = state.store.current()
        sent = [p for p in PLACES if state.row(old, p).state in (SENDING, VERIFIED)]
        return current > old and all(state.row(current, p).state == VERIFIED for p in sent)

    def step_mint(self, state, index, number, seen):
        """Arms for the places that the process has seen, all of which must still be there (DESIGN step 3)."""
        store = state.store
        since, revision = seen
        count = sum(v in self.valid | {PENDING} for v in store.versions)
        gone = any(state.since[p] != since[p] for p in PLACES if since[p] >= 0) or (
            self.bounds.arms_all and state.edits != revision)
        full = count >= 3 and self.keeps("bound-of-three")
        if store.pending() >= 0 or store.versions[number] != NONE or gone or full:
            yield "was overtaken", self.turn(state, index, ("plan",))
            return
        armed = store.version(number, PENDING)
        for place in PLACES:
            if since[place] >= 0:
                armed = armed.row(number, place, Row())
        yield f"arms v{number + 1}", self.turn(self.commit(state, armed), index, ("push", number))

    def step_push(self, state, index, number):
        store = state.store
        if store.versions[number] != PENDING:
            yield "was overtaken", self.turn(state, index, ("plan",))
            return
        rows = [state.row(number, p) for p in PLACES]
        done = [r.state == VERIFIED for r in rows if r.state != MISSING]
        if not done:
            yield "has lost every place, and leaves it to recovery", self.turn(state, index, ("plan",))
        elif all(done) or (any(done) and not self.keeps("promote-after-all")):
            promoted = store.version(store.current(), PREVIOUS).version(number, CURRENT)
            after = self.turn(self.commit(state, promoted), index, ("plan",))
            fault = Violation(f"I3: v{number + 1} is current and not verified everywhere")
            yield f"promotes v{number + 1}", after if all(done) else fault
        for place, row in enumerate(rows):
            if row.state in (VERIFIED, MISSING):
                continue
            for base, value, say in self.reads(state, place):
                if value == number:
                    process = ("verify", place, number, row.attempt)
                    yield say(f"reads v{number + 1} back at {place}"), self.turn(state, index, process)
                elif value != FOREIGN:
                    process = ("arm", place, number, base, row.attempt)
                    if not self.keeps("sending-mark"):
                        process = ("send", place, number, base)
                    yield say(f"probes {place}, base {base}"), self.turn(state, index, process)

    def step_verify(self, state, index, place, number, attempt):
        store, row = state.store, state.row(number, place)
        if store.versions[number] != PENDING or row.state == MISSING:
            yield "was overtaken", self.turn(state, index, ("plan",))
            return
        if row.attempt != attempt:
            yield "reads again", self.turn(state, index, ("push", number))
            return
        marked = store.row(number, place, row._replace(state=VERIFIED))
        yield f"marks {place} verified", self.turn(self.commit(state, marked), index, ("push", number))

    def step_arm(self, state, index, place, number, base, attempt):
        store = state.store
        row = state.row(number, place) if self.keeps("marked-where-it-is") else store.rows[number][place]
        if store.versions[number] != PENDING or row.state == MISSING:
            yield "was overtaken", self.turn(state, index, ("plan",))
        elif row.state == VERIFIED or row.attempt != attempt or (self.bounds.ordered and base < row.base):
            yield "reads again", self.turn(state, index, ("push", number))
        elif attempt < self.bounds.attempts:
            first = row.first_base if row.state == SENDING else base
            kind = SENDING if row.state != FENCED or self.keeps("leave-fenced") else FENCED
            armed = self.commit(state, store.row(number, place, Row(kind, attempt + 1, base, first)))
            yield f"marks {place} sending, base {base}", self.turn(armed, index, ("send", place, number, base))
        else:
            yield f"would mark {place} sending once more", BEYOND

    def step_send(self, state, index, place, number, base):
        if not self.keeps("base-of-probe"):
            base = len(state.histories[place])
        sent = state._replace(wire=state.wire | {Request("put", place, base, number)})
        yield f"sends v{number + 1} to {place}, base {base}", self.turn(sent, index, ("push", number))

    def step_guard(self, state, index, old, place, seen):
        if place == 2 or not self.keeps("guard"):
            yield "has looked everywhere", self.turn(state, index, ("retire", old, seen))
            return
        following = ("guard", old, place + 1, seen)
        if seen[0][place] < 0:
            yield f"knows of no {place}", self.turn(state, index, following)
            return
        current = state.store.current()
        is_new = state.row(current, place).state != VERIFIED
        for _, value, say in self.reads(state, place):
            harmless = is_new and (value < 0 or not self.keeps("new-place-is-guarded"))
            after = following if value == current or harmless else ("plan",)
            yield say(f"reads {told(value)} at {place}"), self.turn(state, index, after)

    def step_retire(self, state, index, old, seen):
        store = state.store
        allowed = self.is_superseded(state, old) or not self.keeps("superseded-where-sent")
        same = state.seen() == seen or not self.keeps("guard-saw-all")
        if store.versions[old] in (PREVIOUS, UNCONFIRMED) and store.current() > old and allowed and same:
            retired = self.commit(state, store.version(old, REVOKED))
            yield f"retires v{old + 1}", self.turn(retired, index, ("plan",))
        else:
            yield "was overtaken", self.turn(state, index, ("plan",))
