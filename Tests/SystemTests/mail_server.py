"""A server of mail (aiosmtpd), as an auditor's provider runs one: TLS, a password, and mails that can be read."""

import email
import email.policy
import shutil
import ssl
import subprocess

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from servers import free_port


class MailServer:
    """Listens on 127.0.0.1. `way` is starttls (TLS is asked for before anything else), implicit, or plain."""

    def __init__(self, folder, way="starttls", password=None, answer="250 taken"):
        self.folder, self.way, self.password, self.answer = folder, way, password, answer
        self.port, self.mails, self.sessions = free_port(), [], []
        self.controller = None
        self.authority = folder / "mail.pem"
        if not self.authority.exists():
            subprocess.run(
                [shutil.which("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                 "-keyout", folder / "mail.key", "-out", self.authority], check=True, capture_output=True)

    def start(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority, self.folder / "mail.key")
        settings = {"hostname": "127.0.0.1", "port": self.port}
        if self.way == "starttls":
            settings |= {"tls_context": context, "require_starttls": True}
        if self.way == "implicit":
            settings |= {"ssl_context": context, "auth_require_tls": False}
        if self.password:
            settings |= {"auth_required": True, "authenticator": self.authenticate}
        self.controller = Controller(self, **settings)
        self.controller.start()
        return self

    def stop(self):
        if self.controller:
            self.controller.stop()
        self.controller = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *arguments):
        self.stop()

    def authenticate(self, server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"rota", self.password.encode())
        return AuthResult(success=good, handled=False)

    async def handle_DATA(self, server, session, envelope):
        if not self.answer.startswith("250"):
            return self.answer
        self.sessions.append((envelope.mail_from, list(envelope.rcpt_tos), session.ssl is not None or self.way == "implicit"))
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return self.answer

    @property
    def checkpoints(self):
        """What was attached: (name, text)."""
        return [(part.get_filename(), part.get_content().decode())
                for mail in self.mails for part in mail.iter_attachments()]
