"""A mail server for the tests: aiosmtpd, which keeps each e-mail as a file.

It refuses addresses that begin with "unknown". Without --certificate it has no encryption.
"""

import argparse
import asyncio
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Keep:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("unknown"):
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        whole = self.folder / f"{self.count}.eml"
        part = whole.with_suffix(".part")
        part.write_bytes(b"X-Recipients: " + ", ".join(envelope.rcpt_tos).encode() + b"\r\n" + envelope.content)
        part.rename(whole)
        return "250 OK"


async def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder")
    arguments.add_argument("--certificate")
    arguments.add_argument("--key")
    arguments.add_argument("--implicit", action="store_true")
    arguments.add_argument("--user")
    arguments.add_argument("--password")
    given = arguments.parse_args()

    tls = None
    if given.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(given.certificate, given.key)

    def authenticate(server, session, envelope, mechanism, login):
        right = login.login == given.user.encode() and login.password == given.password.encode()
        return AuthResult(success=right)

    handler = Keep(given.folder)
    starttls = tls if not given.implicit else None

    def session():
        return SMTP(
            handler,
            hostname="mail.example.org",
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=authenticate if given.user else None,
            auth_required=given.user is not None,
            auth_require_tls=starttls is not None,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls if given.implicit else None)
    print("listening at", server.sockets[0].getsockname()[1], flush=True)
    # The tests close standard input when they are done, however they end.
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
