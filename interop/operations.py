"""What the product asks of Exchange and the suites leave out, asked by exchangelib.

Takes the options of the suites that may lie beside this repository, and prints as they do:
`PASS|FAIL step seconds detail`, with exit status 1 if a step failed.
"""

import argparse
import datetime as dt
import sys
import time

import exchangelib
from exchangelib import (
    Account, BASIC, CalendarItem, Configuration, Credentials, DELEGATE, EWSDateTime, EWSTimeZone, Mailbox, NTLM,
    OofSettings,
)
from exchangelib.errors import ErrorItemNotFound
from exchangelib.properties import EWSElement, SendingAs
from exchangelib.services import GetMailTips
from exchangelib.util import MNS, create_element

parser = argparse.ArgumentParser()
for name in ('ews', 'user', 'password', 'smtp', 'attendee-user', 'attendee-password', 'attendee'):
    parser.add_argument(f'--{name}', required=True)
parser.add_argument('--auth', choices=['basic', 'ntlm'], default='basic')
parser.add_argument('--insecure', action='store_true')
options, _others = parser.parse_known_args()

if options.insecure:
    from exchangelib.protocol import BaseProtocol, NoVerifyHTTPAdapter

    BaseProtocol.HTTP_ADAPTER_CLS = NoVerifyHTTPAdapter

ZONE = EWSTimeZone('Europe/Berlin')


def account(user, password, address):
    auth = {'basic': BASIC, 'ntlm': NTLM}[options.auth]
    configuration = Configuration(
        service_endpoint=options.ews, credentials=Credentials(user, password), auth_type=auth)
    return Account(address, config=configuration, autodiscover=False, access_type=DELEGATE, default_timezone=ZONE)


def from_now(**distance):
    return EWSDateTime.now(tz=ZONE).replace(microsecond=0) + dt.timedelta(**distance)


alice = account(options.user, options.password, options.smtp)
bob = account(options.attendee_user, options.attendee_password, options.attendee)


class AllTips(EWSElement):
    """The library's own shortcut puts this word where the schema does not allow it."""

    ELEMENT_NAME = 'MailTipsRequested'
    NAMESPACE = MNS

    def to_xml(self, version):
        element = create_element('m:MailTipsRequested')
        element.text = 'All'
        return element


def tips(*addresses):
    return list(GetMailTips(protocol=alice.protocol).call(
        sending_as=SendingAs(email_address=alice.primary_smtp_address),
        recipients=[Mailbox(email_address=address) for address in addresses],
        mail_tips_requested=AllTips()))


def reply_to(address):
    [tip] = tips(address)
    return tip.out_of_office and tip.out_of_office.reply_body


def away(state, **times):
    bob.oof_settings = OofSettings(
        state=state, external_audience='All', internal_reply='Back soon', external_reply='Back soon', **times)


def mail_tip_of_an_absence():
    address = bob.primary_smtp_address
    assert not reply_to(address), 'nobody is away yet'
    away('Enabled')
    assert reply_to(address) == 'Back soon', reply_to(address)
    away('Scheduled', start=from_now(hours=1), end=from_now(hours=2))
    assert not reply_to(address), 'it has not begun'
    away('Scheduled', start=from_now(hours=-1), end=from_now(hours=2))
    assert reply_to(address) == 'Back soon', reply_to(address)
    away('Disabled')
    assert not reply_to(address), 'it is over'


def mail_tips_of_many():
    found = tips(alice.primary_smtp_address, 'nobody@example.com', bob.primary_smtp_address)
    assert [tip.invalid_recipient for tip in found] == [False, True, False], found


def move_and_copy():
    item = CalendarItem(account=alice, folder=alice.calendar, subject='To be moved', start=from_now(days=1),
                        end=from_now(days=1, hours=1)).save()
    first = item.id
    copied_id, _change_key = item.copy(to_folder=alice.trash)
    item.move(to_folder=alice.trash)
    assert item.id not in (first, copied_id), 'a new id'
    found = alice.trash.filter(subject='To be moved')
    assert {each.id for each in found} == {item.id, copied_id}
    assert not alice.calendar.filter(subject='To be moved').exists()
    found.delete()


def no_user_configuration():
    try:
        alice.root.get_user_configuration('OWA.UserOptions')
    except ErrorItemNotFound:
        return
    raise AssertionError('nobody keeps settings here')


failed = False
for step in (mail_tip_of_an_absence, mail_tips_of_many, move_and_copy, no_user_configuration):
    began, verdict, detail = time.monotonic(), 'PASS', ''
    try:
        step()
    except Exception as error:  # any failure is one of this step
        failed, verdict, detail = True, 'FAIL', f'{type(error).__name__}: {error}'
    print(f'{verdict} {step.__name__} {time.monotonic() - began:.2f}s {detail}', flush=True)
print(f'exchangelib {exchangelib.__version__}')
sys.exit(failed)
