//! `hybridcal check`: can we reach Exchange, sign in, impersonate, and see each mailbox? Each
//! failure with its remedy. Reads only.
