#!/usr/bin/env python3
"""Sums a demo up: what was planned, done, delivered and reported.

usage: summary.py DIRECTORY
"""

import collections
import json
import os
import sys

directory = sys.argv[1]


def read(name):
    with open(os.path.join(directory, name)) as file:
        return json.load(file)


def counts(pairs):
    return ", ".join(f"{count} {what}" for what, count in pairs if count) or "none"


first, second, report, events = read("run-1.json"), read("run-2.json"), read("report.json"), read("events.json")
outcomes = collections.Counter((action["action"], action["outcome"]) for action in first["actions"])
statuses = collections.Counter(verdict["status"] for verdict in report["verdicts"])
print(f"  first run    {counts((f'{action} {outcome}', count) for (action, outcome), count in sorted(outcomes.items()))}")
print(f"  second run   {counts(sorted(second['totals'].items()))}; {second['retired']} old values retired")
print(f"  webhooks     {events['verified']} events with a good signature, {events['refused']} refused: "
      f"{counts(sorted(events['types'].items()))}")
print(f"  verdicts     {counts(statuses.most_common())}")
