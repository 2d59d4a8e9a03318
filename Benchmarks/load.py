"""A load generator (wrk) against a server, and what a request costs that server's processor."""

import dataclasses
import os
import re
import subprocess
import sys

from measure import PEERS, processor_of


@dataclasses.dataclass
class Load:
    requests: int
    rate: float
    """Requests a second."""
    processor: float
    """Seconds of the server's processor for each request."""
    p99: float
    """Seconds that one request in a hundred took, or longer."""


def load(process, url, script, *arguments, connections=32, seconds=3, accepted=0, prefix=()):
    """Drives a server, which is the process, for some seconds.

    - prefix: the command that runs the load generator, such as one that keeps it to a core.
    - accepted: how many answers may have a status that is neither 2xx nor 3xx.
    """
    before = processor_of(process)
    told = subprocess.run(
        [*prefix, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", os.path.join(PEERS, script), url, "--", *arguments],
        check=True, capture_output=True, text=True).stdout
    used = processor_of(process) - before
    faults = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    sockets = re.search(r"Socket errors: (.*)", told)
    if (int(faults[1]) if faults else 0) > accepted or sockets:
        sys.exit(f"error: {url} under load: {told}")
    count = int(re.search(r"(\d+) requests in", told)[1])
    late, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", told).groups()
    return Load(count, float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]), used / count,
                float(late) * {"us": 1e-6, "ms": 1e-3, "s": 1}[unit])
