#!/usr/bin/env python3
"""A person's calendar program made of exchangelib: what Outlook would ask of Exchange, from a script.

outlook.py --ews URL --user alice --password … --smtp alice@example.com COMMAND …

Each command prints one line of JSON about the entry it dealt with; `list` prints a list.
"""

import argparse
import datetime
import json
import logging
import sys

import exchangelib
from exchangelib import (
    BASIC, UTC, Account, Attendee, CalendarItem, Configuration, Credentials, EWSDateTime, EWSTimeZone, HTMLBody, Mailbox,
    OofSettings,
)
from exchangelib.items import SEND_TO_ALL_AND_SAVE_COPY
from exchangelib.recurrence import Recurrence, WeeklyPattern

# Part of the line that begins a block in an invitation.
BLOCK_MARK = "(Hybrid Calendar)"
DAYS_MAX = 400  # a calendar view of Exchange covers at most two years


class Missing(Exception):
    """There is no such entry (yet)."""


def main():
    arguments = parser().parse_args()
    logging.getLogger("exchangelib").setLevel(logging.CRITICAL)
    zone = EWSTimeZone(arguments.zone)
    try:
        answer = arguments.act(account(arguments, zone), zone, arguments)
    except Missing as missing:
        answer = {"missing": str(missing)}
    print(json.dumps(answer, ensure_ascii=False))


def account(arguments, zone):
    settings = Configuration(
        service_endpoint=arguments.ews,
        credentials=Credentials(arguments.user, arguments.password),
        auth_type=BASIC,
        retry_policy=None,
    )
    return Account(
        primary_smtp_address=arguments.smtp, config=settings, autodiscover=False, access_type="delegate",
        default_timezone=zone,
    )


def create(mine, zone, arguments):
    start = moment(arguments.start, zone)
    entry = CalendarItem(
        account=mine,
        folder=mine.calendar,
        subject=arguments.subject,
        start=start,
        end=start + datetime.timedelta(minutes=arguments.minutes),
        location=arguments.location,
        body=HTMLBody(arguments.html) if arguments.html else arguments.body,
        required_attendees=[Attendee(mailbox=Mailbox(email_address=each)) for each in arguments.invite] or None,
    )
    if arguments.weekly:
        entry.recurrence = Recurrence(
            pattern=WeeklyPattern(interval=1, weekdays=[start.strftime("%A")]), start=start.date(), number=arguments.weekly
        )
    entry.save(send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)
    return shown(mine.calendar.get(id=entry.id))


def show(mine, _zone, arguments):
    return shown(find(mine, arguments.subject))


def list_entries(mine, zone, arguments):
    """Every occurrence by itself, as a calendar page shows them."""
    start = moment(arguments.start, zone) if arguments.start else EWSDateTime.now(zone)
    end = start + datetime.timedelta(days=arguments.days)
    entries = [entry for entry in mine.calendar.view(start=start, end=end) if entry.subject == arguments.subject]
    return [shown(entry) for entry in sorted(entries, key=lambda entry: entry.start)]


def move(mine, zone, arguments):
    return moved(find(mine, arguments.subject), zone, arguments)


def move_occurrence(mine, zone, arguments):
    return moved(occurrence(mine, arguments), zone, arguments)


def cancel(mine, _zone, arguments):
    entry = find(mine, arguments.subject)
    entry.cancel()
    return {"cancelled": arguments.subject}


def delete_occurrence(mine, _zone, arguments):
    gone = occurrence(mine, arguments)
    gone.delete(send_meeting_cancellations=SEND_TO_ALL_AND_SAVE_COPY)
    return {"deleted": in_utc(gone.start)}


def answer(mine, _zone, arguments):
    entry = find(mine, arguments.subject)
    {"accept": entry.accept, "decline": entry.decline, "tentative": entry.tentatively_accept}[arguments.how]()
    return shown(find(mine, arguments.subject))


def away(mine, zone, arguments):
    """Automatic replies, for some days from now or off."""
    if arguments.days == 0:
        mine.oof_settings = OofSettings(state=OofSettings.DISABLED, external_audience="None")
        return {"away": False}
    start = EWSDateTime.now(zone)
    end = start + datetime.timedelta(days=arguments.days)
    mine.oof_settings = OofSettings(
        state=OofSettings.SCHEDULED, external_audience="All", start=start, end=end,
        internal_reply=arguments.subject, external_reply=arguments.subject,
    )
    return {"away": True, "until": in_utc(end)}


def find(mine, subject):
    """The entry, or the head of its series; not its occurrences."""
    for entry in mine.calendar.filter(subject=subject):
        return mine.calendar.get(id=entry.id)
    raise Missing(subject)


def occurrence(mine, arguments):
    found = find(mine, arguments.subject).occurrence(arguments.index)
    found.refresh()
    return found


def moved(entry, zone, arguments):
    length = entry.end - entry.start
    entry.start = moment(arguments.start, zone)
    entry.end = entry.start + length
    entry.save(update_fields=["start", "end"], send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)
    entry.refresh()
    return shown(entry)


def shown(entry):
    body = str(entry.body or "")
    return {
        "type": entry.type,
        "subject": entry.subject,
        "start": in_utc(entry.start),
        "end": in_utc(entry.end),
        "location": entry.location,
        "body": body,
        "blocks": body.count(BLOCK_MARK),
        "isCancelled": bool(entry.is_cancelled),
        "isOrganizer": entry.my_response_type == "Organizer",
        "response": entry.my_response_type,
        "attendees": {each.mailbox.email_address.lower(): each.response_type for each in entry.required_attendees or []},
        "changeKey": entry.changekey,
    }


def in_utc(when):
    """All-day entries have dates instead."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if hasattr(when, "astimezone") else str(when)


def moment(text, zone):
    """Without an offset it is wall-clock time of the zone."""
    when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if when.tzinfo is None:
        return EWSDateTime.from_datetime(when.replace(tzinfo=zone))
    return zone.fromutc(when.astimezone(datetime.timezone.utc).replace(tzinfo=zone))


def parser():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--ews", required=True, metavar="URL")
    top.add_argument("--user", required=True)
    top.add_argument("--password", required=True)
    top.add_argument("--smtp", required=True)
    top.add_argument("--zone", default="Europe/Berlin")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name, act, *options):
        one = commands.add_parser(name)
        one.add_argument("--subject", required=True)
        for option, settings in options:
            one.add_argument(option, **settings)
        one.set_defaults(act=act)

    start = ("--start", {"required": True})
    index = ("--index", {"type": int, "required": True, "help": "counted from 1"})
    command(
        "create", create, start,
        ("--minutes", {"type": int, "default": 30}),
        ("--location", {}),
        ("--body", {}),
        ("--html", {}),
        ("--invite", {"action": "append", "default": [], "metavar": "ADDRESS"}),
        ("--weekly", {"type": int, "metavar": "COUNT"}),
    )
    command("show", show)
    command("list", list_entries, ("--start", {}), ("--days", {"type": int, "default": DAYS_MAX}))
    command("move", move, start)
    command("cancel", cancel)
    command("answer", answer, ("--how", {"choices": ["accept", "decline", "tentative"], "required": True}))
    command("move-occurrence", move_occurrence, index, start)
    command("away", away, ("--days", {"type": int, "required": True, "help": "0 switches it off"}))
    command("delete-occurrence", delete_occurrence, index)
    return top


if __name__ == "__main__":
    try:
        main()
    except exchangelib.errors.EWSError as refusal:
        sys.exit(f"Exchange refused: {type(refusal).__name__}: {refusal}")
