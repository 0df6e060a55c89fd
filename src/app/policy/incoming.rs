//! A policy that comes from outside: from a link or a file. A draft of one's own is never given up for it unasked.

use crate::app::desk::Desk;
use leptos::prelude::*;

/// A policy from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Where it is from, e.g. `this link`.
    pub from: String,
    /// Its text.
    pub text: String,
}

impl Desk {
    /// Takes a policy from outside as the draft, or asks first, where there is a draft already.
    pub(super) fn receive(self, incoming: Incoming) {
        let sheet = self.sheet;
        let own = sheet.text.with_untracked(|t| sheet.shelf.in_force.with_untracked(|f| f != t));
        let same = sheet.text.with_untracked(|text| *text == incoming.text);
        if own && !same {
            self.say("There is a draft already: choose which to go on with.");
            sheet.incoming.set(Some(incoming));
        } else {
            self.take_in(incoming);
        }
    }

    fn take_in(self, incoming: Incoming) {
        self.say(&["The policy of ", &incoming.from, " is the draft now."].concat());
        self.sheet.incoming.set(None);
        self.sheet.edit(incoming.text);
    }
}

/// The question which draft to go on with, while it is open.
#[component]
pub fn Choice(desk: Desk) -> impl IntoView {
    let sheet = desk.sheet;
    let keep = move |_| {
        sheet.incoming.set(None);
        desk.say("Your draft stays as it is.");
    };
    let take = move |_| {
        if let Some(incoming) = sheet.incoming.get_untracked() {
            desk.take_in(incoming);
        }
    };
    let question = move |incoming: Incoming| {
        view! {
            <div class="choice-of-draft" role="alert" data-testid="incoming">
                <p>
                    {["There is a draft of your own here. ", &incoming.from, " carries another."].concat()}
                </p>
                <div class="buttons">
                    <button type="button" data-testid="incoming-take" on:click=take>
                        "Put it in place of mine"
                    </button>
                    <button type="button" data-testid="incoming-keep" on:click=keep>
                        "Keep mine"
                    </button>
                </div>
            </div>
        }
    };
    let elsewhere = move || {
        sheet.draft.elsewhere.with(Option::is_some).then(|| {
            view! {
                <div class="choice-of-draft" role="alert" data-testid="elsewhere">
                    <p>
                        "This draft was changed in another tab, too. Yours is not kept until you choose."
                    </p>
                    <div class="buttons">
                        <button
                            type="button"
                            data-testid="elsewhere-take"
                            on:click=move |_| decide(desk, true)
                        >
                            "Take the other tab's"
                        </button>
                        <button
                            type="button"
                            data-testid="elsewhere-keep"
                            on:click=move |_| decide(desk, false)
                        >
                            "Keep mine"
                        </button>
                    </div>
                </div>
            }
        })
    };
    view! {
        {move || sheet.incoming.get().map(question)}
        {elsewhere}
    }
    .into_any()
}

fn decide(desk: Desk, theirs: bool) {
    let sheet = desk.sheet;
    match sheet.draft.decide(theirs) {
        Some(text) => sheet.edit(text),
        None => sheet.draft.keep(&sheet.standing()),
    }
}
