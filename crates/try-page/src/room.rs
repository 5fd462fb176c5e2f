//! What all rooms have in common: a state that a link restores and the browser remembers.

use kit::address;
use yew::prelude::*;

use crate::app::Ui;
use crate::link::{Fault, Query};
use crate::route::Room;

/// What each room's component is given.
#[derive(Properties, PartialEq)]
pub struct Props {
    pub ui: Ui,
    /// The state that the address has.
    pub query: Option<Query>,
}

/// A room's state.
pub trait State: Clone + Default + PartialEq + 'static {
    /// The room.
    const ROOM: Room;

    /// Reads a state from a link.
    ///
    /// # Errors
    /// What in the link is wrong.
    fn read(query: &Query) -> Result<Self, Fault>;

    /// Writes it for a link, without the `?`.
    fn write(&self) -> String;
}

/// A room's state while the room is shown.
#[derive(Clone)]
pub struct Kept<S: State> {
    ui: Ui,
    state: UseStateHandle<(S, Option<Fault>)>,
}

impl<S: State> Kept<S> {
    /// The state.
    pub fn now(&self) -> &S {
        &self.state.0
    }

    /// What was wrong with the link that led here, until something is changed.
    pub fn fault(&self) -> Option<&Fault> {
        self.state.1.as_ref()
    }

    /// Changes the state.
    pub fn change(&self, change: impl FnOnce(&mut S)) {
        let mut next = self.now().clone();
        change(&mut next);
        self.ui.store.keep_of_tab(S::ROOM.name(), &next.write());
        // The address must not go on saying what was shown before.
        let path = S::ROOM.path();
        if address::hash().trim_start_matches('#').len() > path.len() {
            address::replace(&path);
        }
        self.state.set((next, None));
    }

    /// A callback that changes the state by what it is called with.
    pub fn changing<T: 'static>(&self, change: impl Fn(&mut S, T) + 'static) -> Callback<T> {
        let kept = self.clone();
        Callback::from(move |with| kept.change(|state| change(state, with)))
    }

    /// Goes back to how the room looks at first.
    pub fn starting_over(&self) -> Callback<MouseEvent> {
        self.changing(|state, _| *state = S::default())
    }

    /// The address of the state as it is now.
    pub fn link(&self) -> String {
        address::full(&format!("{}?{}", S::ROOM.path(), self.now().write()))
    }
}

/// The state that the link has, or else the one that was remembered, or else the first one.
fn begin<S: State>(ui: &Ui, query: Option<&Query>) -> (S, Option<Fault>) {
    match query.map(S::read) {
        Some(Ok(state)) => (state, None),
        Some(Err(fault)) => (S::default(), Some(fault)),
        None => {
            let kept = ui.store.of_tab(S::ROOM.name());
            let state = kept.and_then(|kept| S::read(&Query::of(&kept)).ok());
            (state.unwrap_or_default(), None)
        }
    }
}

/// The room's state; a link that is followed while it is shown restores another one.
#[hook]
pub fn use_kept<S: State>(ui: &Ui, query: Option<Query>) -> Kept<S> {
    let state = {
        let (ui, query) = (ui.clone(), query.clone());
        use_state(move || begin(&ui, query.as_ref()))
    };
    let followed = use_mut_ref(|| query.clone());
    {
        let (ui, state) = (ui.clone(), state.clone());
        use_effect_with(query, move |query| {
            if query.is_some() && *followed.borrow() != *query {
                state.set(begin(&ui, query.as_ref()));
            }
            followed.replace(query.clone());
        });
    }
    Kept {
        ui: ui.clone(),
        state,
    }
}
