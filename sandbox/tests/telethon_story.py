"""Telethon, an MTProto client that shares no code with TDLib, signs in to the sandbox.

It is used as published; only the address and the public key are the sandbox's. Run by the launcher:

    telescope-sandbox run -- python telethon_story.py NUMBER CODE PASSWORD

where the account has a two-step password. Each transport that Telethon speaks is used once.
"""

import asyncio
import os
import sys

from telethon import TelegramClient, errors
from telethon.crypto import rsa
from telethon.network import (
    ConnectionTcpAbridged,
    ConnectionTcpFull,
    ConnectionTcpIntermediate,
    ConnectionTcpObfuscated,
)
from telethon.sessions import MemorySession

TRANSPORTS = [ConnectionTcpFull, ConnectionTcpAbridged, ConnectionTcpIntermediate, ConnectionTcpObfuscated]


def client(transport):
    host, port = os.environ["SANDBOX_MTPROTO"].rsplit(":", 1)
    session = MemorySession()
    session.set_dc(2, host, int(port))
    return TelegramClient(session, 12345, "sandbox", connection=transport, receive_updates=False)


async def sign_in(transport, number, code, password):
    telegram = client(transport)
    await telegram.connect()
    sent = await telegram.send_code_request(number)
    try:
        await telegram.sign_in(number, "00000", phone_code_hash=sent.phone_code_hash)
        raise AssertionError("a wrong code was taken")
    except errors.PhoneCodeInvalidError:
        pass
    try:
        await telegram.sign_in(number, code, phone_code_hash=sent.phone_code_hash)
        raise AssertionError("the two-step password was not asked for")
    except errors.SessionPasswordNeededError:
        pass
    try:
        await telegram.sign_in(password=password + "x")
        raise AssertionError("a wrong password was taken")
    except errors.PasswordHashInvalidError:
        pass
    await telegram.sign_in(password=password)
    me = await telegram.get_me()
    assert me.phone == number.lstrip("+"), me
    assert await telegram.is_user_authorized()
    await telegram.log_out()
    print("signed in and out over", transport.__name__, flush=True)


async def main():
    number, code, password = sys.argv[1:]
    with open(os.environ["SANDBOX_PUBLIC_KEY"]) as key:
        rsa.add_key(key.read(), old=False)
    for transport in TRANSPORTS:
        await asyncio.wait_for(sign_in(transport, number, code, password), 30)


asyncio.run(main())
