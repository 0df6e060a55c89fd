//! An objection: what stands against something, how to mend it, and its code.

use crate::api::Objection;
use crate::app::words;
use leptos::prelude::*;

/// How an objection is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Something was not done because of it.
    Refused,
    /// Something is to be known.
    Noted,
}

/// An objection as a paragraph.
pub fn objection(objection: &Objection, said: Said) -> AnyView {
    let (role, class, glyph) = match said {
        Said::Refused => ("alert", "mark bad", "✕"),
        Said::Noted => ("note", "mark warn", "⚠"),
    };
    view! {
        <p class="objection" role=role data-testid="objection" data-code=objection.code.clone()>
            <span class=class aria-hidden="true">
                {glyph}
            </span>
            " "
            <strong>{words::prose(&objection.message)}</strong>
            " "
            {words::prose(&objection.help)}
            " "
            <code class="note">{objection.code.clone()}</code>
        </p>
    }
    .into_any()
}
