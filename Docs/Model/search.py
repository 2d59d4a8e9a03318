"""Breadth-first search of a model, and the traps in which a fair schedule could stay for ever."""
import time
from array import array
from collections import deque
from typing import NamedTuple

from state import BEYOND, Unfair, Violation


class Outcome(NamedTuple):
    states: int
    seconds: float
    violation: str
    trace: list  # to the violation, else to a state that is stuck
    stuck: int  # states in which a fair schedule can stay for ever, or end, without the goal
    free: int  # states that are not the goal, wait for nobody, and where the bounds forbid nothing
    exhausted: bool


class Graph:
    """The states by number, in the order in which they were found, and the steps between them."""

    def __init__(self):
        self.first = array("L", [0])  # where the steps of a state begin
        self.targets = array("L")
        self.fair = bytearray()
        self.free = bytearray()  # neither the goal, nor waiting for a person, nor cut short by the bounds

    def steps(self, state):
        return range(self.first[state], self.first[state + 1])


def search(model, limit, liveness=False, compact=False):
    """Breadth first, so that a counter-example is a shortest one. `compact` remembers a state by its hash of 64
    bits instead of by itself: of five million states two are taken for one with a probability of one in a million."""
    began, start = time.monotonic(), model.start()
    key = hash if compact else (lambda state: state)
    numbers, parents, queue, graph = {key(start): 0}, array("l", [-1]), deque([start]), Graph()

    def outcome(violation="", steps=(), stuck=0, exhausted=False):
        seconds = time.monotonic() - began
        return Outcome(len(parents), seconds, violation, list(steps), stuck, sum(graph.free), exhausted)

    number = -1
    while queue:
        state = queue.popleft()
        number += 1
        fault = model.violation(state)
        if fault:
            return outcome(fault, trace(model, numbers, key, parents, number))
        is_cut = False
        for label, after in model.steps(state):
            if after is BEYOND:
                is_cut = True
                continue
            if isinstance(after, Violation):
                return outcome(after.text, trace(model, numbers, key, parents, number) + [label])
            name = key(after)
            target = numbers.setdefault(name, len(parents))
            if target == len(parents):
                parents.append(number)
                queue.append(after)
            if liveness:
                graph.targets.append(target)
                graph.fair.append(not isinstance(label, Unfair))
        if liveness:
            graph.first.append(len(graph.targets))
            graph.free.append(not (is_cut or model.is_goal(state) or model.waits_for_person(state)))
        if len(parents) > limit:
            return outcome()
    stuck = stuck_states(graph) if liveness else []
    steps = trace(model, numbers, key, parents, min(stuck)) if stuck else ()
    return outcome("", steps, len(stuck), exhausted=True)


def trace(model, numbers, key, parents, number):
    """The steps to a state, taken again from the start."""
    path = []
    while number >= 0:
        path.append(number)
        number = parents[number]
    state, labels = model.start(), []
    for wanted in path[-2::-1]:
        found = ((label, after) for label, after in model.steps(state) if isinstance(after, tuple))
        label, state = next((label, after) for label, after in found if numbers.get(key(after)) == wanted)
        labels.append(label)
    return labels


def stuck_states(graph):
    """States in which a fair run may stay for ever, or end, without the goal and without a bound in its way.

    A fair run takes every fair step that can be taken again and again. So what it visits for ever is strongly
    connected, and no fair step leads out of it. What is left after leaving out the states that a fair step leads
    away from, again and again until there are none, are such sets."""
    inside = graph.free
    regions = [[s for s in range(len(inside)) if inside[s]]]
    region_of = array("l", (0 if i else -1 for i in inside))
    used, stuck = 1, []
    while regions:
        for component in components(graph, regions.pop(), region_of):
            mark, used = used, used + 1
            for state in component:
                region_of[state] = mark
            kept = [s for s in component
                    if all(region_of[graph.targets[i]] == mark for i in graph.steps(s) if graph.fair[i])]
            if len(kept) == len(component):
                stuck += kept
            elif kept:
                mark, used = used, used + 1
                for state in kept:
                    region_of[state] = mark
                regions.append(kept)
    return stuck


def components(graph, region, region_of):
    """Tarjan's strongly connected components within one region, without recursion."""
    if not region:
        return []
    mark, found = region_of[region[0]], []
    order, low, on_stack, stack = {}, {}, set(), []
    for root in region:
        if root in order:
            continue
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(graph.steps(root)))]
        while work:
            state, steps = work[-1]
            for step in steps:
                target = graph.targets[step]
                if region_of[target] != mark:
                    continue
                if target not in order:
                    order[target] = low[target] = len(order)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(graph.steps(target))))
                    break
                if target in on_stack and order[target] < low[state]:
                    low[state] = order[target]
            else:
                work.pop()
                if work and low[state] < low[work[-1][0]]:
                    low[work[-1][0]] = low[state]
                if low[state] == order[state]:
                    component = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.append(member)
                        if member == state:
                            break
                    found.append(component)
    return found
