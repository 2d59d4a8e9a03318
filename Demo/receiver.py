#!/usr/bin/env python3
"""A small webhook receiver: checks each signature, keeps each event once, and counts.

usage: receiver.py DIRECTORY SECRET-FILE

Listens on a free port of 127.0.0.1 and writes it to DIRECTORY/receiver.port once it is ready. Events go to
DIRECTORY/events.jsonl; on SIGTERM the counts go to DIRECTORY/events.json. Standard library only: this is all
that a receiver of Standard Webhooks needs.
"""

import base64
import collections
import hashlib
import hmac
import http.server
import json
import os
import signal
import sys
import threading
import time

TOLERANCE = 300


class Receiver(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, directory, key):
        super().__init__(("127.0.0.1", 0), Handler)
        self.directory = directory
        self.key = key
        self.lock = threading.Lock()
        self.seen = set()
        self.types = collections.Counter()
        self.repeated = 0
        self.refused = 0

    def take(self, identity, body):
        """Keeps an event once: delivery is at least once, and the id tells a repetition."""
        event = json.loads(body)
        with self.lock:
            if identity in self.seen:
                self.repeated += 1
                return
            self.seen.add(identity)
            self.types[event["type"]] += 1
            with open(os.path.join(self.directory, "events.jsonl"), "a") as out:
                out.write(json.dumps({"id": identity, **event}) + "\n")

    def summary(self):
        return {"verified": len(self.seen), "repeated": self.repeated, "refused": self.refused,
                "types": dict(sorted(self.types.items()))}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        identity = self.headers.get("webhook-id", "")
        sent_at = self.headers.get("webhook-timestamp", "")
        if self.is_signed(identity, sent_at, body):
            self.server.take(identity, body)
            self.answer(204)
        else:
            with self.server.lock:
                self.server.refused += 1
            self.answer(401)

    def is_signed(self, identity, sent_at, body):
        if not sent_at.isdigit() or abs(time.time() - int(sent_at)) > TOLERANCE:
            return False
        message = f"{identity}.{sent_at}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.new(self.server.key, message, hashlib.sha256).digest()).decode()
        given = self.headers.get("webhook-signature", "").split(" ")
        return any(hmac.compare_digest(expected, signature) for signature in given)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    directory, secret_file = sys.argv[1:]
    with open(secret_file) as file:
        key = base64.b64decode(file.read().strip().removeprefix("whsec_"))
    receiver = Receiver(directory, key)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=receiver.shutdown).start())
    port = os.path.join(directory, "receiver.port")
    with open(port + ".new", "w") as out:
        out.write(str(receiver.server_address[1]))
    os.rename(port + ".new", port)
    receiver.serve_forever()
    with open(os.path.join(directory, "events.json"), "w") as out:
        json.dump(receiver.summary(), out, indent=2)


if __name__ == "__main__":
    main()
