//! Both directions against each other, against foreign documents, and against hostile ones.

mod documents;
mod forms;
mod hostile;
mod round_trip;
mod table;
mod wire;
