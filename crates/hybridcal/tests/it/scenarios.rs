//! What organizers do with keywords and links, and what everybody then has: in their calendars, in
//! their lists, and in their mail. Each scenario also says how many mails the attendee got.

mod added;
mod bodies;
mod changed;
mod copies;
mod links;
mod occurrences;
mod removed;
mod story;
mod trouble;
