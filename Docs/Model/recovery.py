"""Recovery, step by step as Rotator+Recover.swift does it, and the filling of an empty destination."""
from state import (CURRENT, EMPTY, FENCED, FOREIGN, MISSING, PENDING, PLACES, REVOKED, SENDING, UNCONFIRMED, UNSENT,
                   VERIFIED, Request, Row, told)


class Recovery:
    """The steps of a process that found a pending version whose value it does not have."""

    def step_probe(self, state, index, place, number, rows):
        following = ("probe", 1, number, rows) if place == 0 else ("settle", 0, number, 1, rows)
        if rows[place][0] == MISSING:
            yield f"has no {place}", self.turn(state, index, following)
            return
        for base, value, say in self.reads(state, place):
            if value == number:
                yield say(f"reads v{number + 1} at {place}"), self.turn(state, index, ("push", number))
            else:
                yield say(f"does not see it at {place}"), self.turn(state, index, following)

    def step_settle(self, state, index, place, number, certain, rows):
        """Every row in turn, as the process read it before it probed; then the verdict."""
        if place == 2:
            yield self.verdict(state, index, number, certain)
            return
        kind, _ = rows[place]
        following = ("settle", place + 1, number)
        skip = not self.keeps("fence-every-row") and place == 1
        if kind in (UNSENT, FENCED, MISSING) or skip:
            yield f"row {place} is settled", self.turn(state, index, following + (certain, rows))
        elif kind == VERIFIED:
            known = certain if not self.keeps("verified-counts") else 0
            yield f"row {place} is verified", self.turn(state, index, following + (known, rows))
        elif not self.bounds.fences:
            yield f"{place} cannot be fenced", self.turn(state, index, following + (0, rows))
        else:
            yield from self.fence(state, index, place, number, certain, rows)

    def fence(self, state, index, place, number, certain, rows):
        # Also at a place that was taken away meanwhile: what is proved of it stays proved.
        row = state.store.rows[number][place]
        memory = (place, number, certain, rows)
        doubtful = self.turn(state, index, ("settle", place + 1, number, 0, rows))
        for base, value, say in self.reads(state, place):
            if value == number:
                yield say(f"it has landed at {place}"), self.turn(state, index, ("push", number))
                continue
            if self.may_have_been_visible(state, place, number, row, base):
                yield say(f"it may have been visible at {place}"), doubtful
                continue
            if value == EMPTY and not self.bounds.fences_emptiness:
                yield from self.look_for_filling(state, index, base, memory, say, doubtful)
                continue
            if value >= 0 and state.store.versions[value] == CURRENT and \
                    state.row(value, place).state == SENDING:
                yield say(f"reads the filling back at {place}"), self.turn(state, index, ("prove", value) + memory)
                continue
            if base != row.base and not self.keeps("a-differing-base-proves-nothing"):
                yield say(f"sees another base at {place}"), self.turn(state, index, ("mark",) + memory)
            values = {value}
            if not self.keeps("one-read"):
                values |= {v for _, v, _ in self.reads(state, place)} | set(state.histories[place][-2:])
            for written in values:
                request = Request("fence", place, base, written)
                sent = state._replace(wire=state.wire | {request})
                wait = ("await", place, base, written) + memory
                if not self.keeps("accepted-fence"):
                    wait = ("mark",) + memory
                yield say(f"sends a fence at {place}, base {base}, {told(written)}"), self.turn(sent, index, wait)

    def may_have_been_visible(self, state, place, number, row, base):
        """What the vault can tell of what it held since the row's first base."""
        since = row.first_base if self.keeps("first-base") else row.base
        if not self.keeps("history-decides") or base == since:
            return False
        history = (EMPTY,) + state.histories[place]
        if self.bounds.history == "values":
            return number in history[since + 1:base + 1]
        if self.bounds.history == "writes":
            # A fence is told from a write that puts a value there, as `directory` does it.
            return any(history[i] != history[i + 1] for i in range(since, base))
        return self.keeps("no-history-means-seen")

    # An empty destination whose emptiness cannot be fenced is given the current value first (DESIGN section 5)

    def look_for_filling(self, state, index, base, memory, say, doubtful):
        place, number = memory[:2]
        others = [p for p in PLACES if p != place and state.has(p)]
        if not self.bounds.fills or not others:
            yield say(f"{place} is empty and cannot be fenced"), doubtful
            return
        current = state.store.current()
        for other in others:
            for _, value, fresh in self.reads(state, other):
                tell = fresh if say is str else say
                if value == number:
                    yield tell(f"it has landed at {other}"), self.turn(state, index, ("push", number))
                elif value == current or (value != EMPTY and not self.keeps("fill-is-current")):
                    after = self.turn(state, index, ("fill", base, value) + memory)
                    yield tell(f"{place} is empty, base {base}; reads {told(value)} at {other}"), after
                else:
                    yield tell(f"{place} is empty, and {other} does not hold the current value"), doubtful

    def step_fill(self, state, index, base, value, place, number, certain, rows):
        """One transaction: the current version's row at the empty place, before the first byte leaves."""
        store = state.store
        memory = (place, number, certain, rows)
        poured = ("pour", base, value) + memory
        if value == FOREIGN:
            yield "goes on without a row", self.turn(state, index, poured)
            return
        row, own = store.rows[number][place], store.rows[value][place]
        if self.keeps("filled-where-it-is"):
            row = state.row(number, place)
        is_pending = store.versions[number] == PENDING and row.state == SENDING and row.attempt == rows[place][1]
        if self.keeps("fill-while-current"):
            if not is_pending or store.versions[value] != CURRENT:
                yield "was overtaken", self.turn(state, index, ("plan",))
                return
        if not self.keeps("fill-row-first"):
            yield "writes no row", self.turn(state, index, poured)
            return
        # What was proved there once stays proved: nothing older can land.
        if own.state != VERIFIED:
            kind = SENDING if self.keeps("fill-is-read-back") else VERIFIED
            first = own.first_base if own.state == SENDING else base
            store = store.row(value, place, Row(kind, 1, base, first))
        yield f"marks v{value + 1} sending at {place}, base {base}", self.turn(
            self.commit(state, store), index, poured)

    def step_pour(self, state, index, base, value, place, number, certain, rows):
        sent = state._replace(wire=state.wire | {Request("fill", place, base, value)})
        yield f"fills {place} with {told(value)}, base {base}", self.turn(
            sent, index, ("settle", place, number, certain, rows))

    def step_prove(self, state, index, value, place, number, certain, rows):
        store = state.store
        row = state.row(value, place)
        if row.state == SENDING and store.versions[value] == CURRENT:
            state = self.commit(state, store.row(value, place, row._replace(state=VERIFIED)))
        yield f"marks v{value + 1} verified at {place}", self.turn(
            state, index, ("settle", place, number, certain, rows))

    # What a fence and the whole recovery end with

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
        allowed = {UNSENT, FENCED, MISSING}
        if not self.keeps("verified-counts"):
            allowed.add(VERIFIED)
        settled = all(state.row(number, p).state in allowed for p in PLACES)
        if not self.keeps("fence-every-row"):
            settled = True
        if not self.keeps("abandoned-stays-valid"):
            certain, settled = 1, True
        if certain and not settled:
            return "was overtaken", self.turn(state, index, ("plan",))
        after = self.commit(state, store.version(number, REVOKED if certain else UNCONFIRMED))
        return f"{'discards' if certain else 'leaves unconfirmed'} v{number + 1}", self.turn(after, index, ("plan",))
