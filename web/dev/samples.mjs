// Made-up meetings for the mock, placed around a given moment.

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const people = {
  alice: { name: 'Alice Ashworth', address: 'alice@example.com' },
  ben: { name: 'Ben Okafor', address: 'ben@example.com' },
  clara: { name: 'Clara Weiß', address: 'clara@example.com' },
  dmitri: { name: 'Dmitri Volkov', address: 'dmitri@example.com' },
  eve: { name: 'Eve Laurent', address: 'eve@partner.example' },
  room: { name: 'Room Lighthouse (12)', address: 'lighthouse@example.com', kind: 'ROOM', answer: 'ACCEPTED' },
}
const with_ = (person, answer, more) => ({ ...person, answer, ...more })

export function sampleMeetings(now) {
  const hour = Math.ceil(now / HOUR_MS) * HOUR_MS
  const midnight = Math.floor(now / DAY_MS) * DAY_MS
  const team = [
    with_(people.alice, 'ACCEPTED'),
    with_(people.ben, 'ORGANIZER'),
    with_(people.clara, 'ACCEPTED'),
    with_(people.dmitri, 'TENTATIVE', { isOptional: true }),
  ]
  const answers = ['ACCEPTED', 'UNKNOWN_RESPONSE', 'DECLINED', 'TENTATIVE']
  const crowd = Array.from({ length: 40 }, (_, n) =>
    with_({ name: `Guest number ${n + 1}`, address: `guest-${n + 1}@partner.example` }, answers[n % answers.length]),
  )
  return [
    { id: 'offsite', subject: 'Company anniversary', startMs: midnight, minutes: 1440, isAllDay: true, answer: 'NO_RESPONSE', organizer: people.clara },
    { id: 'early', subject: 'Support handover', startMs: hour - 2 * HOUR_MS, minutes: 30, isRecurring: true, organizer: people.dmitri, people: team.slice(0, 2) },
    {
      id: 'standup',
      subject: 'Stand-up, harbour team',
      startMs: hour,
      minutes: 30,
      isRecurring: true,
      location: 'Lighthouse · online',
      link: 'https://meet.example.org/harbour-standup-7f3a',
      organizer: people.ben,
      agenda: 'What went well\nWhat is in the way\nWho needs help\n\nPlease add your points before nine.',
      people: [...team, with_(people.eve, 'NO_RESPONSE'), people.room],
      notes: ['no-end'],
    },
    {
      id: 'customer',
      subject: 'Pilot review with Partner & Sons <2026>',
      startMs: hour + 15 * MINUTE_MS,
      minutes: 60,
      link: 'https://calls.partner.example/room/4711?pwd=x',
      location: 'online',
      organizer: people.eve,
      answer: 'TENTATIVE',
      people: [with_(people.eve, 'ORGANIZER'), with_(people.alice, 'TENTATIVE'), with_(people.ben, 'DECLINED')],
      notes: ['unknown-time-zone'],
    },
    { id: 'dentist', subject: 'Dentist', startMs: hour + 4 * HOUR_MS, minutes: 45, sensitivity: 'PRIVATE', location: 'Harbour Street 12', answer: 'ORGANIZER' },
    { id: 'script', subject: '<img src=x onerror=alert(1)>', startMs: hour + 6 * HOUR_MS, minutes: 30, link: 'javascript:alert(1)', organizer: people.eve, answer: 'NO_RESPONSE' },
    { id: 'budget', subject: 'Budget review', startMs: hour + DAY_MS, minutes: 90, location: 'Moved by somebody on the way', broken: 'encryptedLocation', organizer: people.clara, people: team, link: 'https://meet.example.org/budget-19c2' },
    { id: 'lunch', subject: 'Team lunch', startMs: hour + DAY_MS + 3 * HOUR_MS, minutes: 60, location: 'Canteen', answer: 'DECLINED', organizer: people.ben, people: team },
    { id: 'fair', subject: 'Trade fair, Hamburg', startMs: midnight + 3 * DAY_MS, minutes: 2 * 1440, isAllDay: true, location: 'Hamburg', organizer: people.alice, answer: 'ORGANIZER' },
    { id: 'night', subject: 'Maintenance window', startMs: midnight + 6 * DAY_MS + 22 * HOUR_MS, minutes: 300, organizer: people.dmitri, people: team, agenda: 'Order of work: database, cloud, connectors.' },
    { id: 'town', subject: 'Town hall: how we met the year, what we learnt, and where all of us go from here together', startMs: hour + 9 * DAY_MS, minutes: 60, isRecurring: true, link: 'https://meet.example.org/town-hall', organizer: people.clara, truncated: ['encryptedParticipants'], people: team },
    {
      id: 'long',
      subject: `${'Preparing the preparation of everything there is to prepare, '.repeat(6)}${'Donaudampfschifffahrt'.repeat(5)}`,
      startMs: hour + 2 * DAY_MS,
      minutes: 30,
      organizer: people.alice,
      answer: 'ORGANIZER',
      people: crowd,
      link: 'https://meet.example.org/crowd',
    },
    { id: 'rtl', subject: 'פגישה שבועית (צוות 7)', location: 'غرفة الاجتماعات 3', startMs: hour + 2 * DAY_MS + HOUR_MS, minutes: 30, organizer: people.ben, answer: 'NO_RESPONSE', people: team },
  ]
}
