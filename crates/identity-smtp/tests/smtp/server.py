"""A mail server on loopback: STARTTLS, AUTH, faults by recipient. Each mail that it takes is a line of JSON on standard output,
read by Python's own email package."""

import asyncio
import base64
import email
import email.policy
import json
import logging
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def fault(address):
    return address.split("@")[0]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        answers = {
            "later": "451 4.7.1 <" + address + "> greylisted, try again",
            "gone": "550 5.1.1 <" + address + "> no such user",
            "stranger": "530 5.7.0 Authentication required",
            "full": "552 5.2.2 <" + address + "> mailbox full",
        }
        if fault(address) == "hang-up-early":
            server.transport.abort()
            return "250 OK"
        if fault(address) in answers:
            return answers[fault(address)]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("nobody+"):
            return "553 5.1.8 sender refused"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        kind = fault(envelope.rcpt_tos[0])
        if kind == "later-data":
            return "452 4.3.1 out of space"
        if kind == "refused-data":
            return "554 5.7.1 no"
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        body = {}
        for part in message.walk():
            if not part.is_multipart():
                body[part.get_content_type()] = part.get_content()
        print(json.dumps({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "options": envelope.mail_options,
            "tls": session.ssl is not None,
            "user": getattr(session, "signed_in", None),
            "headers": [[name, str(value)] for name, value in message.items()],
            "raw_headers": envelope.original_content.split(b"\r\n\r\n")[0].decode("utf-8", "backslashreplace"),
            "raw": base64.b64encode(envelope.original_content).decode(),
            "type": message.get_content_type(),
            "defects": [str(defect) for part in message.walk() for defect in part.defects],
            "text": body.get("text/plain"),
            "html": body.get("text/html"),
        }), flush=True)
        if kind == "hang-up-late":
            server.transport.abort()
        if kind == "silent":
            await asyncio.sleep(600)
        return "250 2.0.0 queued as 4XyZ"


def sign_in(server, session, envelope, mechanism, data):
    good = getattr(data, "login", b"") == b"mailer" and getattr(data, "password", b"") == b"p@ss"
    if good:
        session.signed_in = "mailer"
    return AuthResult(success=good, handled=False)


async def main():
    certificate, key, utf8 = sys.argv[1:4]
    options = {"enable_SMTPUTF8": utf8 == "utf8"}
    if certificate != "-":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        options |= {
            "tls_context": context,
            "require_starttls": True,
            "authenticator": sign_in,
            "auth_required": True,
        }
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Handler(), hostname="localhost", loop=loop, **options), "127.0.0.1", 0
    )
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    # The parent's end of the pipe closes when it goes, and then this goes too.
    await loop.run_in_executor(None, sys.stdin.read)


# The library warns of its own ways.
logging.disable(logging.WARNING)
asyncio.run(main())
