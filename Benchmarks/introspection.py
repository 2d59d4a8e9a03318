#!/usr/bin/env python3
"""Introspection over many tokens: what a request costs the server's processor, against a C server on libmicrohttpd that
answers a constant, and against OpenBao's `token/lookup`; and the memory of both under that.

All are asked by wrk over 32 connections, ours and the constant with the very same requests. OpenBao runs in its
development mode.
"""

import contextlib
import os
import subprocess

import openbao
from load import load
from measure import MIB, PEERS, Row, SCRATCH, main, mebibytes, memory_of, note, until
from openbao import OpenBao, end_with_us, free_port
from stores import Store, configure

ENOUGH = 100_000
# Seconds in which each of 80,000 values is asked about some times.
WARM_UP = 15


def us(seconds):
    return f"{seconds * 1e6:.1f} us"


@contextlib.contextmanager
def serving(command, port):
    """A server of ours or of the peer, once it listens."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=end_with_us) as it:
        try:
            until(lambda: listens(it, port), f"the start of {command[0]}")
            yield it.pid
        finally:
            it.terminate()


def listens(process, port):
    if process.poll() is not None:
        raise SystemExit(f"error: {process.args[0]} ended with {process.returncode}")
    with open("/proc/net/tcp") as file:
        return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A" for line in file.readlines()[1:])


def constant():
    """Compiles the C server."""
    os.makedirs(SCRATCH, exist_ok=True)
    program = os.path.join(SCRATCH, "constant")
    subprocess.run(
        ["cc", "-O2", "-o", program, os.path.join(PEERS, "constant.c"), "-lmicrohttpd"], check=True)
    return program


def lookups(count):
    """OpenBao with so many live tokens: processor for each look-up, and memory after them."""
    with OpenBao() as bao:
        made, rate = 0, 0
        while made < count:
            told = load(bao.server, bao.address, "tokens.lua", bao.token, seconds=3)
            made, rate = made + told.requests, told.rate
            note(f"OpenBao holds {made:,} tokens, {rate:,.0f} more a second")
        found = bao.ask("POST", "auth/token/create", {"policies": ["default"], "ttl": "1h"})["auth"]["client_token"]
        path = os.path.join(bao.home, "values")
        with open(path, "w") as file:
            file.write(found + "\n")
        least = min(
            (load(bao.server, bao.address, "ask.lua", "openbao", path, bao.token, "1") for _ in range(3)),
            key=lambda told: told.processor)
        return least, memory_of(bao.server)[0], made


def rows(options):
    store = Store(options.rota, options.tokens)
    port, other = free_port(), free_port()
    configure(store.folder, port)
    with serving(store.command("serve"), port) as rota, serving([constant(), str(other), "2"], other) as plain:
        for most in (1_000, 1_000_000):
            asking = ("introspect", store.values, store.asker, str(most))
            count = min(most, store.value_count)
            # The first use of a value on a day is looked up and written down at once; what follows is what a day is like.
            first = load(rota, f"http://127.0.0.1:{port}/v1/introspect", "ask.lua", *asking)
            note(f"{us(first.processor)} a request at first, {first.rate:,.0f} a second")
            load(rota, f"http://127.0.0.1:{port}/v1/introspect", "ask.lua", *asking, seconds=WARM_UP)
            ours, peer = [], []
            for _ in range(options.runs):
                ours.append(load(rota, f"http://127.0.0.1:{port}/v1/introspect", "ask.lua", *asking))
                peer.append(load(plain, f"http://127.0.0.1:{other}/v1/introspect", "ask.lua", *asking))
            best, least = (min(of, key=lambda told: told.processor) for of in (ours, peer))
            ratio = best.processor / least.processor
            what = f"introspection, {count:,} of {options.tokens:,} tokens in use: processor a request"
            yield Row(what, us(best.processor), f"{us(least.processor)} (C, a constant)", f"{ratio:.2f}x", "3x", ratio <= 3)
            yield Row("the same, in the first seconds of their day", us(first.processor), "", "", "", None)
            note(f"{best.rate:,.0f} and {least.rate:,.0f} requests a second")
        now, peak = memory_of(rota)
    yield Row(f"rota serve, {options.tokens:,} tokens, under load: memory", mebibytes(now), "", "", "64 MiB",
              peak < 64 * MIB)
    if not openbao.is_here():
        return note("skipped: OpenBao is not in .build/venv; make deps")
    asked, memory, held = lookups(min(options.tokens, ENOUGH))
    times = asked.processor / best.processor
    yield Row(
        "introspection: processor a request", us(best.processor), f"{us(asked.processor)} (OpenBao token/lookup)",
        f"{times:.1f}x less", "8x less", times >= 8)
    share = memory / now
    yield Row(
        "memory", f"{mebibytes(now)} ({options.tokens:,} tokens)", f"{mebibytes(memory)} (OpenBao, {held:,})",
        f"1/{share:.0f}", "1/20", share >= 20 if held >= ENOUGH else None)


if __name__ == "__main__":
    main(__doc__, rows)
