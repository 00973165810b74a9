//! How many bytes were looked at: counted in tests, which show that it grows with the text and no
//! faster; elsewhere nothing is counted.

#[cfg(test)]
thread_local! {
    static BYTES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
pub(crate) fn did(bytes: usize) {
    BYTES.with(|total| total.set(total.get() + bytes));
}

#[cfg(not(test))]
#[inline]
pub(crate) fn did(_bytes: usize) {}

/// What something costs.
#[cfg(test)]
pub(crate) fn counted(run: impl FnOnce()) -> usize {
    BYTES.with(|total| total.set(0));
    run();
    BYTES.with(std::cell::Cell::get)
}
