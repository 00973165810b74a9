// Everything the app says, in English. This dictionary is the original: others have its keys.

import type { Shut } from '../seal/open'

const plural = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`

export interface Words {
  signIn: string
  signInLead: string
  signInBusy: string
  signOut: string
  trySignInAgain: string
  loading: string
  notSecure: string
  siteUnreachable: string
  issuerUnreachable: string
  signInRefused: string
  signInEnded: string
  notPermitted: string
  again: string
  connection: Record<'connecting' | 'live' | 'offline', string>
  offline: (since: string) => string
  offlineAtFirst: string
  keyServerUnreachable: string
  shut: Record<Shut, string>
  language: string
  notifyMe: string
  notifyOn: string
  notifyHint: string
  next: string
  nothingNext: string
  now: string
  agenda: string
  today: string
  tomorrow: string
  nothingToday: string
  nothingAtAll: string
  allDay: string
  until: (end: string) => string
  join: string
  joinOf: (title: string) => string
  opens: (host: string) => string
  linkRefused: string
  startsIn: (minutes: number) => string
  startsNow: string
  startedAgo: (minutes: number) => string
  organizer: string
  when: string
  people: string
  rooms: string
  agendaText: string
  onlineMeeting: string
  passcode: string
  videoAddress: string
  otherLinks: string
  whyThisButton: string
  whyNoButton: string
  optional: string
  away: string
  awayUntil: (when: string) => string
  series: string
  private: string
  privateMeeting: string
  noTitle: string
  peopleSummary: (people: number, accepted: number) => string
  truncated: string
  answers: Record<'ACCEPTED' | 'TENTATIVE' | 'DECLINED' | 'NO_RESPONSE' | 'ORGANIZER' | 'UNKNOWN', string>
  myAnswers: Record<'TENTATIVE' | 'DECLINED' | 'NO_RESPONSE', string>
  notes: Record<string, string>
  footer: string
}

export const en: Words = {
  signIn: 'Sign in',
  signInLead: 'Your meetings travel sealed and are opened here, in your browser.',
  signInBusy: 'Taking you to your organization’s sign-in page …',
  signOut: 'Sign out',
  trySignInAgain: 'Please sign in again.',
  loading: 'Opening your calendar …',
  notSecure: 'This page was not loaded over a secure connection (https), so nothing can be opened here.',
  siteUnreachable: 'The calendar service cannot be reached at the moment.',
  issuerUnreachable: 'Your organization’s sign-in page cannot be reached at the moment.',
  signInRefused: 'The sign-in did not succeed.',
  signInEnded: 'Your sign-in has ended.',
  notPermitted: 'You are signed in, but you have no calendar here. Please ask your administrator.',
  again: 'Try again',
  connection: { connecting: 'Connecting', live: 'Up to date', offline: 'Offline' },
  offline: (since) => `No connection. You see your calendar as of ${since}.`,
  offlineAtFirst: 'No connection to the calendar service. Trying again by itself.',
  keyServerUnreachable:
    'The key server cannot be reached, so titles and other texts stay closed for now. Trying again by itself.',
  shut: {
    'key-server-unreachable': 'Closed: key server not reachable',
    'key-refused': 'Closed: the key server gives you no key for this',
    'key-gone': 'Closed: the key was withdrawn',
    tampered: 'Closed: this text was changed on its way',
    outdated: 'Closed: an older version was delivered',
    'newer-format': 'Closed: please reload this page',
  },
  language: 'Language',
  notifyMe: 'Notify me',
  notifyOn: 'Notifications on',
  notifyHint: 'Your browser tells you when it is time to join',
  next: 'Next',
  nothingNext: 'Nothing more today or in the coming four weeks.',
  now: 'Now',
  agenda: 'Agenda',
  today: 'Today',
  tomorrow: 'Tomorrow',
  nothingToday: 'No meetings today.',
  nothingAtAll: 'The coming four weeks are free.',
  allDay: 'All day',
  until: (end) => `until ${end}`,
  join: 'Join',
  joinOf: (title) => `Join ${title}`,
  opens: (host) => `opens ${host}`,
  linkRefused: 'The link is not a safe web address and is not offered.',
  startsIn: (minutes) => `starts in ${plural(minutes, 'minute', 'minutes')}`,
  startsNow: 'starts now',
  startedAgo: (minutes) =>
    minutes < 60
      ? `started ${plural(minutes, 'minute', 'minutes')} ago`
      : `started ${Math.floor(minutes / 60)} h ${minutes % 60} min ago`,
  organizer: 'Organizer',
  when: 'When',
  people: 'People',
  rooms: 'Rooms and equipment',
  agendaText: 'Agenda',
  onlineMeeting: 'Online',
  passcode: 'Passcode',
  videoAddress: 'Video address',
  otherLinks: 'Other links',
  whyThisButton: 'Why this Join button?',
  whyNoButton: 'Why is there no Join button?',
  optional: 'optional',
  away: 'Away',
  awayUntil: (when) => `Away until ${when}`,
  series: 'Series',
  private: 'Private',
  privateMeeting: 'Private meeting',
  noTitle: 'No title',
  peopleSummary: (people, accepted) => `${plural(people, 'person', 'people')}, ${accepted} accepted`,
  truncated: 'Long parts of this entry were shortened.',
  answers: {
    ACCEPTED: 'accepted',
    TENTATIVE: 'tentative',
    DECLINED: 'declined',
    NO_RESPONSE: 'no answer yet',
    ORGANIZER: 'organizer',
    UNKNOWN: 'answer unknown',
  },
  myAnswers: { TENTATIVE: 'You: tentative', DECLINED: 'You declined', NO_RESPONSE: 'Not answered' },
  notes: {
    'no-end': 'No end time was given.',
    'unknown-time-zone': 'The time zone of this entry is unknown; the time may be off.',
    'body-cut': 'Exchange gave out a part of the agenda only; nothing was written into it.',
    'body-too-large': 'The agenda is too long to be shown here.',
    'unknown-modifier': 'A word after the @ keyword in the place was not understood.',
    'no-such-room': 'The online service has no room of the kind that was asked for.',
    'already-linked': 'There was a link of this service already, so nothing was added.',
    'edited-by-hand': 'The join details were changed by hand and are left as they are.',
    'conference-pending': 'The online meeting is being set up.',
    'dry-run': 'A rehearsal is on: nothing is written into calendars.',
    'other-room': 'The kind of room that was asked for could not be had; it became another.',
    'no-conference': 'An online meeting was asked for but could not be set up.',
  },
  footer: 'Sealed texts are opened in this browser.',
}
