// What the product asks of Exchange and the suites leave out, asked by ews-javascript-api. Takes the
// options of the suites that may lie beside this repository, and prints as they do:
// `PASS|FAIL step seconds detail`, with exit status 1 if a step failed.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'

const E = createRequire(import.meta.url)('ews-javascript-api')
const say = console.log
console.log = () => undefined // the library chats there

const names = ['ews', 'user', 'password', 'smtp', 'attendee-user', 'attendee-password', 'attendee']
const options = Object.fromEntries(names.map((name) => [name, { type: 'string' }]))
for (const flag of ['ntlm', 'insecure']) options[flag] = { type: 'boolean' }
const { values } = parseArgs({ strict: false, options })

function service(user, password) {
  const exchange = new E.ExchangeService(E.ExchangeVersion.Exchange2013_SP1)
  exchange.XHRApi = new E.XhrApi({ rejectUnauthorized: !values.insecure })
  if (values.ntlm) exchange.XHRApi.useNtlmAuthentication(user, password)
  exchange.Credentials = new E.WebCredentials(user, password)
  exchange.Url = new E.Uri(values.ews)
  return exchange
}

const alice = service(values.user, values.password)
const bob = service(values['attendee-user'], values['attendee-password'])
const { Calendar, Inbox } = E.WellKnownFolderName
const PROPERTIES = new E.PropertySet(E.BasePropertySet.FirstClassProperties)

/** A whole hour, some days from today. */
function at(days, hour) {
  const day = new Date()
  day.setDate(day.getDate() + days)
  day.setHours(hour, 0, 0, 0)
  return new E.DateTime(day.getTime())
}

const one = (list) => list._getItem(0)

async function invite(subject, days) {
  const meeting = new E.Appointment(alice)
  Object.assign(meeting, { Subject: subject, Start: at(days, 10), End: at(days, 11) })
  meeting.RequiredAttendees.Add(values.attendee)
  await meeting.Save(Calendar, E.SendInvitationsMode.SendToAllAndSaveCopy)
  const filter = new E.SearchFilter.IsEqualTo(E.ItemSchema.Subject, subject)
  const found = await bob.FindItems(Inbox, filter, new E.ItemView(5))
  assert.equal(found.Items.length, 1, 'a request in the inbox')
  return { meeting, request: await E.MeetingRequest.Bind(bob, found.Items[0].Id) }
}

async function bobsCopies(subject, days) {
  const found = await bob.FindAppointments(Calendar, new E.CalendarView(at(days, 0), at(days + 1, 0)))
  return found.Items.filter((item) => item.Subject === subject)
}

async function answerOf(meeting) {
  const seen = await E.Appointment.Bind(alice, meeting.Id, PROPERTIES)
  return E.MeetingResponseType[one(seen.RequiredAttendees).ResponseType]
}

const STEPS = {
  async tentative_answer() {
    const { meeting, request } = await invite('Perhaps', 3)
    await request.AcceptTentatively(true)
    const [copy] = await bobsCopies('Perhaps', 3)
    assert.equal(copy.MyResponseType, E.MeetingResponseType.Tentative)
    assert.equal(await answerOf(meeting), 'Tentative')
  },

  async declining_answer() {
    const { meeting, request } = await invite('Rather not', 4)
    await request.Decline(true)
    assert.deepEqual(await bobsCopies('Rather not', 4), [])
    assert.equal(await answerOf(meeting), 'Decline')
  },

  async busy_time_of_others() {
    const taken = new E.Appointment(bob)
    Object.assign(taken, { Subject: 'Private matter', Start: at(5, 9), End: at(5, 12) })
    await taken.Save(Calendar, E.SendInvitationsMode.SendToNone)
    const options = new E.AvailabilityOptions()
    options.MergedFreeBusyInterval = 60
    options.RequestedFreeBusyView = E.FreeBusyViewType.DetailedMerged
    const people = [new E.AttendeeInfo(values.attendee), new E.AttendeeInfo('nobody@example.com')]
    const window = new E.TimeWindow(at(5, 0), at(6, 0))
    const seen = await alice.GetUserAvailability(people, window, E.AvailabilityData.FreeBusy, options)
    const [theirs, nobody] = seen.AttendeesAvailability.Responses
    assert.equal(E.FreeBusyViewType[theirs.ViewType], 'FreeBusyMerged')
    assert.deepEqual(theirs.CalendarEvents.map((event) => event.Details ?? null), [null])
    const busy = theirs.MergedFreeBusyStatus.filter((status) => status === E.LegacyFreeBusyStatus.Busy)
    assert.equal(busy.length, 3)
    assert.equal(E.ServiceError[nobody.ErrorCode], 'ErrorMailRecipientNotFound')
  },

  async suggestions() {
    const people = [new E.AttendeeInfo(values.smtp), new E.AttendeeInfo(values.attendee)]
    const options = new E.AvailabilityOptions()
    Object.assign(options, { MeetingDuration: 60, MaximumSuggestionsPerDay: 20 })
    const window = new E.TimeWindow(at(5, 0), at(6, 0))
    const seen = await alice.GetUserAvailability(people, window, E.AvailabilityData.Suggestions, options)
    const times = seen.Suggestions.flatMap((day) => day.TimeSuggestions ?? [])
    const excellent = times.filter((time) => time.Quality === E.SuggestionQuality.Excellent)
    const starts = excellent.map((time) => new Date(time.MeetingTime.TotalMilliSeconds))
    const isWeekend = [0, 6].includes(new Date(at(5, 0).TotalMilliSeconds).getDay())
    assert.ok(isWeekend || starts.length > 0, 'some time is free')
    assert.ok(starts.every((start) => start.getHours() >= 12 || start.getHours() < 9), 'none while one is busy')
  },

  async move_to_a_folder_of_ones_own() {
    const folder = new E.CalendarFolder(alice)
    folder.DisplayName = 'Trips'
    await folder.Save(Calendar)
    const item = new E.Appointment(alice)
    Object.assign(item, { Subject: 'Journey', Start: at(6, 9), End: at(6, 10) })
    await item.Save(Calendar, E.SendInvitationsMode.SendToNone)
    const moved = await item.Move(folder.Id)
    const found = await alice.FindItems(folder.Id, new E.ItemView(5))
    assert.deepEqual(found.Items.map((each) => each.Id.UniqueId), [moved.Id.UniqueId])
    await folder.Delete(E.DeleteMode.HardDelete)
  },

  async no_user_configuration() {
    const ask = E.UserConfiguration.Bind(alice, 'OWA.UserOptions', E.WellKnownFolderName.Root, E.UserConfigurationProperties.All)
    await assert.rejects(ask, (error) => E.ServiceError[error.ErrorCode] === 'ErrorItemNotFound')
  },
}

let hasFailed = false
for (const [name, step] of Object.entries(STEPS)) {
  const began = performance.now()
  const failure = await step().then(() => '', (error) => error.message || String(error) || 'no reason')
  hasFailed ||= failure !== ''
  const seconds = ((performance.now() - began) / 1000).toFixed(2)
  say(`${failure ? 'FAIL' : 'PASS'} ${name} ${seconds}s ${failure.replaceAll('\n', ' ')}`)
}
process.exit(hasFailed ? 1 : 0)
