#!/usr/bin/env python3
"""The plain script that Hybrid Calendar is measured against: exchangelib, the same job.

peer.py EWS-URL USER PASSWORD ADDRESSES-FILE OUT-FILE

Follows the calendars named in a file. Reads what a notification names; where the place holds a
keyword and no link has been written, it writes one; everything goes as a line of JSON into a file.
"""

import json
import secrets
import sys

from exchangelib import BASIC, IMPERSONATION, UTC, Account, Configuration, Credentials, HTMLBody
from exchangelib.items import SEND_TO_ALL_AND_SAVE_COPY, CalendarItem
from exchangelib.properties import CreatedEvent, ModifiedEvent

KEYWORD = "@meet"
SERVER = "https://meet.example.com/"
FIELDS = ("subject", "start", "end", "location", "body", "organizer", "required_attendees", "optional_attendees")


def main():
    url, user, password, addresses, out = sys.argv[1:]
    settings = Configuration(
        service_endpoint=url, credentials=Credentials(user, password), auth_type=BASIC, max_connections=4
    )
    followed = {}
    with open(addresses, encoding="utf-8") as lines:
        for address in lines.read().split():
            account = Account(
                address, config=settings, access_type=IMPERSONATION, autodiscover=False, default_timezone=UTC
            )
            kinds = (CreatedEvent.ELEMENT_NAME, ModifiedEvent.ELEMENT_NAME)
            followed[account.calendar.subscribe_to_streaming(event_types=kinds)] = account
    folder = account.calendar  # whose mailbox asks does not matter: the subscriptions are named
    print("ready", flush=True)
    with open(out, "a", encoding="utf-8") as sink:
        while True:
            for notification in folder.get_streaming_events(list(followed), connection_timeout=30):
                look(followed[notification.subscription_id], notification, sink)


def look(account, notification, sink):
    # One reading per item, however many events name it.
    ids = {(event.item_id.id, None) for event in notification.events if getattr(event, "item_id", None)}
    for item in account.fetch(ids=ids, only_fields=FIELDS):
        if isinstance(item, CalendarItem):
            if KEYWORD in (item.location or "") and SERVER not in (item.body or ""):
                write_link(item)
            sink.write(json.dumps(plain(item)) + "\n")
    sink.flush()


def write_link(item):
    link = SERVER + secrets.token_urlsafe(16)
    item.location = item.location.replace(KEYWORD, link)
    item.body = HTMLBody(f'{item.body}<p>Join: <a href="{link}">{link}</a></p>')
    item.save(update_fields=["location", "body"], send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)


def plain(item):
    people = (item.required_attendees or []) + (item.optional_attendees or [])
    return {
        "subject": item.subject,
        "start": item.start.isoformat(),
        "end": item.end.isoformat(),
        "location": item.location,
        "body": item.body,
        "organizer": item.organizer and item.organizer.email_address,
        "attendees": [person.mailbox.email_address for person in people],
    }


main()
