#!/usr/bin/env python3
"""Prints name and file of the first token that a plan rotates and whose present value is known.

usage: choose.py PLAN.json INVENTORY.csv
"""

import csv
import json
import sys

with open(sys.argv[2], newline="") as file:
    known = {row["name"]: row["destinations"].removeprefix("local:") for row in csv.DictReader(file) if row["digest"]}
with open(sys.argv[1]) as file:
    actions = json.load(file)["actions"]
for action in actions:
    ready = action["action"] == "rotate" and not action["blocked"] and not action["waiting"]
    if ready and action["name"] in known:
        print(action["name"], known[action["name"]])
        break
else:
    sys.exit("the plan rotates no token whose present value is known")
