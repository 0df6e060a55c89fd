//! The frame of a zone: its tint, its glyph, its name.

use crate::app::parts::{Icon, icon};
use leptos::prelude::*;

/// One of the three zones.
#[component]
pub fn Zone(
    /// Id of the section, to bring it into view.
    id: &'static str,
    /// `ehr`, `connector` or `crm`.
    tint: &'static str,
    /// Its glyph.
    icon: Icon,
    /// Its name.
    title: &'static str,
    /// What it is, in a line.
    story: &'static str,
    /// What is in it.
    children: Children,
) -> impl IntoView {
    let class = match tint {
        "ehr" => "zone ehr",
        "crm" => "zone crm",
        _ => "zone connector",
    };
    let heading = [id, "-title"].concat();
    let labelled_by = heading.clone();
    view! {
        <section class=class id=id aria-labelledby=labelled_by>
            <header class="zone-head">
                {self::icon(icon)} <h2 id=heading>{title}</h2> <p class="note">{story}</p>
            </header>
            {children()}
        </section>
    }
    .into_any()
}
