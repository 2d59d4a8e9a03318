"""Cloud Custodian's filters over the first rows of an inventory: custodian.py FILE TOKENS RUNS

Its own loader reads and validates the policy, and `filter_resources`, which `custodian run` calls, judges lists in memory
with their times as ISO texts, as an API would give them. Prints JSON: the least processor time of the runs.
"""

import csv
import itertools
import json
import sys
import time

from c7n.config import Config
from c7n.loader import PolicyLoader
from c7n.resources import load_resources

POLICY = {"policies": [{
    "name": "token-violations", "resource": "aws.secrets-manager",
    "filters": [{"or": [
        {"type": "value", "key": "created_at", "value_type": "age", "op": "gt", "value": 90},
        {"type": "value", "key": "last_used_at", "value_type": "age", "op": "gt", "value": 30},
        {"type": "value", "key": "expires_at", "value": "absent"},
    ]}]}]}

path, count, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
load_resources(("aws.secrets-manager",))
config = Config.empty(region="us-east-1", account_id="123456789012")
manager = next(iter(PolicyLoader(config).load_data(POLICY, "memory://", validate=True))).resource_manager
identifier = manager.get_model().id
with open(path) as file:
    tokens = [
        {**row, "expires_at": row["expires_at"] or None, identifier: row["name"]}
        for row in itertools.islice(csv.DictReader(file), count)]
times = []
for _ in range(runs):
    for token in tokens:
        token.pop("c7n:MatchedFilters", None)
    begun = time.process_time()
    found = manager.filter_resources(tokens)
    times.append(time.process_time() - begun)
print(json.dumps({"tokens": len(tokens), "processor": min(times), "violations": len(found)}))
