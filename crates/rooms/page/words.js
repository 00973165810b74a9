// Everything the page says, in English and German.

const en = {
  meeting: 'Meeting',
  language: 'Language',
  lobby: 'Ready to join?',
  yourName: 'Your name',
  passcode: 'Passcode',
  passcodeHelp: 'It stands in the invitation.',
  join: 'Join',
  joining: 'Joining …',
  leave: 'Leave',
  controls: 'Microphone, camera and leaving',
  microphoneOff: 'Mute',
  microphoneOn: 'Unmute',
  cameraOff: 'Camera off',
  cameraOn: 'Camera on',
  cameraIsOff: 'Your camera is off',
  noDevices: 'The browser gave neither camera nor microphone. You can still see and hear the others.',
  noCamera: 'The browser gave no camera. The others will hear you.',
  noMicrophone: 'The browser gave no microphone. The others will see you.',
  alone: 'Nobody else is here yet.',
  you: (name) => `${name} (you)`,
  isMuted: 'muted',
  came: (name) => `${name} has joined`,
  went: (name) => `${name} has left`,
  lost: 'The connection was lost. Joining again …',
  again: 'Try again',
  notices: {
    left: ['You have left', 'You can come back as long as the meeting lasts.'],
    closed: ['This meeting is over', 'It was ended or called off, or its room is gone. Ask whoever invited you for a new link.'],
    'wrong-link': ['This link does not work', 'Its end may be missing. Copy the whole link from the invitation, or type the passcode that stands there.'],
    full: ['The room is full', 'Somebody must leave before you can join.'],
    unreachable: ['No connection to the meeting', 'The conference server does not answer. Check your network and try again.'],
    unable: ['This browser cannot do it', 'Video calls need a current browser, and a page that came over https.'],
  },
}

const de = {
  meeting: 'Besprechung',
  language: 'Sprache',
  lobby: 'Bereit?',
  yourName: 'Ihr Name',
  passcode: 'Kenncode',
  passcodeHelp: 'Er steht in der Einladung.',
  join: 'Teilnehmen',
  joining: 'Sie werden verbunden …',
  leave: 'Verlassen',
  controls: 'Mikrofon, Kamera und Verlassen',
  microphoneOff: 'Stumm',
  microphoneOn: 'Mikrofon an',
  cameraOff: 'Kamera aus',
  cameraOn: 'Kamera an',
  cameraIsOff: 'Ihre Kamera ist aus',
  noDevices: 'Der Browser gibt weder Kamera noch Mikrofon frei. Sie können die anderen trotzdem sehen und hören.',
  noCamera: 'Der Browser gibt keine Kamera frei. Die anderen hören Sie.',
  noMicrophone: 'Der Browser gibt kein Mikrofon frei. Die anderen sehen Sie.',
  alone: 'Es ist noch niemand da.',
  you: (name) => `${name} (Sie)`,
  isMuted: 'stumm',
  came: (name) => `${name} ist da`,
  went: (name) => `${name} ist gegangen`,
  lost: 'Die Verbindung ist abgerissen. Sie werden wieder verbunden …',
  again: 'Noch einmal',
  notices: {
    left: ['Sie haben die Besprechung verlassen', 'Solange sie dauert, können Sie zurückkommen.'],
    closed: ['Diese Besprechung ist vorbei', 'Sie wurde beendet oder abgesagt, oder es gibt ihren Raum nicht mehr. Bitten Sie um einen neuen Link.'],
    'wrong-link': ['Dieser Link geht nicht', 'Vielleicht fehlt sein Ende. Kopieren Sie den ganzen Link aus der Einladung, oder geben Sie den Kenncode ein, der dort steht.'],
    full: ['Der Raum ist voll', 'Jemand muss gehen, bevor Sie teilnehmen können.'],
    unreachable: ['Keine Verbindung zur Besprechung', 'Der Konferenzserver antwortet nicht. Prüfen Sie Ihr Netz und versuchen Sie es noch einmal.'],
    unable: ['Dieser Browser kann das nicht', 'Videogespräche brauchen einen aktuellen Browser und eine Seite, die über https kam.'],
  },
}

export const LANGUAGES = { en, de }

/** The person's choice, or the first language of the browser that we have. */
export function usualLanguage(chosen) {
  const wanted = [chosen, ...navigator.languages].filter(Boolean)
  return wanted.map((tag) => tag.split('-')[0]).find((tag) => Object.hasOwn(LANGUAGES, tag)) ?? 'en'
}

/** Puts the words into everything that names one. */
export function translate(language) {
  const words = LANGUAGES[language]
  document.documentElement.lang = language
  for (const each of document.querySelectorAll('[data-word]')) each.textContent = words[each.dataset.word]
  for (const each of document.querySelectorAll('[data-word-label]')) {
    each.setAttribute('aria-label', words[each.dataset.wordLabel])
  }
  return words
}
