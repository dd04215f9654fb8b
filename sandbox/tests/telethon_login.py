"""Telethon signs in to the sandbox, unmodified, over each of its transports.

Started by telescope-sandbox run, which sets SANDBOX_MTPROTO and SANDBOX_PUBLIC_KEY. Prints one line per step
that worked; any failure is an exception and an exit status other than 0.
"""

import asyncio
import os
from pathlib import Path

from telethon import TelegramClient, errors
from telethon.crypto import rsa
from telethon.network.connection import (
    ConnectionTcpAbridged,
    ConnectionTcpFull,
    ConnectionTcpIntermediate,
    ConnectionTcpObfuscated,
)
from telethon.sessions import StringSession
from telethon.tl.functions.account import GetAuthorizationsRequest

TRANSPORTS = [
    ConnectionTcpFull,
    ConnectionTcpAbridged,
    ConnectionTcpIntermediate,
    ConnectionTcpObfuscated,
]
PASSWORD = "correct horse"


def make_client(connection, session=None):
    host, port = os.environ["SANDBOX_MTPROTO"].rsplit(":", 1)
    session = StringSession(session)
    if not session.auth_key:
        session.set_dc(2, host, int(port))
    return TelegramClient(session, 12345, "sandbox", connection=connection, connection_retries=2)


async def sign_in(client, number):
    sent = await client.send_code_request(number)
    try:
        await client.sign_in(number, "00000", phone_code_hash=sent.phone_code_hash)
        raise AssertionError("a wrong code was taken")
    except errors.PhoneCodeInvalidError:
        pass
    return await client.sign_in(number, number[5] * 5, phone_code_hash=sent.phone_code_hash)


async def story(connection, number):
    client = make_client(connection)
    await client.connect()
    assert not await client.is_user_authorized()
    me = await sign_in(client, number)
    assert me.phone == number, me
    saved = client.session.save()
    await client.edit_2fa(new_password=PASSWORD, hint="four words")

    # A second session gets its code through the first one, and needs the password. (The message that brings the
    # code is not looked at: Telethon's layer has another form of messages than the sandbox's.)
    second = make_client(connection)
    await second.connect()
    try:
        await sign_in(second, number)
        raise AssertionError("no password was asked for")
    except errors.SessionPasswordNeededError:
        pass
    try:
        await second.sign_in(password="wrong")
        raise AssertionError("a wrong password was taken")
    except errors.PasswordHashInvalidError:
        pass
    await second.sign_in(password=PASSWORD)
    sessions = (await client(GetAuthorizationsRequest())).authorizations
    assert [s.current for s in sessions].count(True) == 1 and len(sessions) == 2, sessions

    # A session that was saved goes on without a login.
    await client.disconnect()
    again = make_client(connection, saved)
    await again.connect()
    assert (await again.get_me()).id == me.id
    await second.log_out()
    assert len((await again(GetAuthorizationsRequest())).authorizations) == 1
    await again.disconnect()


async def main():
    trusted = Path(os.environ["SANDBOX_PUBLIC_KEY"]).read_text()
    rsa.add_key(trusted, old=False)
    for index, connection in enumerate(TRANSPORTS):
        await asyncio.wait_for(story(connection, f"999662100{index}"), timeout=60)
        print(f"{connection.__name__} ok", flush=True)


asyncio.run(main())
