//! A panic in a scenario is one of the things that are reported with its seed.

use std::any::Any;
use std::cell::RefCell;

thread_local! {
    /// Where this thread panicked last.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on a panic prints nothing: whoever catches it asks for its [words].
pub fn are_told_by_their_seeds() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        PLACE.with(|last| *last.borrow_mut() = place);
    }));
}

/// What a panic that was caught on this thread said, and where.
pub fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    let text = text.unwrap_or_else(|| "something that is no text".to_owned());
    match PLACE.with(RefCell::take) {
        Some(place) => format!("{text} ({place})"),
        None => text,
    }
}
