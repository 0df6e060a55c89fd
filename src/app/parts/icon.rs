//! Icons, drawn with one path each.

use leptos::prelude::*;

/// What an icon stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// The Run view.
    Run,
    /// The Policy view.
    Policy,
    /// The Audit view.
    Audit,
    /// The EHR sandbox zone.
    Ehr,
    /// The connector.
    Connector,
    /// The CRM demo zone.
    Crm,
}

/// An icon. It says nothing that the words beside it don't.
pub fn icon(which: Icon) -> AnyView {
    let path = match which {
        Icon::Run => "M6 4l14 8-14 8z",
        Icon::Policy => "M4 5h16M4 12h16M4 19h10M17 17l2 2 4-5",
        Icon::Audit => "M12 3v9l6 3M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0",
        Icon::Ehr => "M9 3h6v6h6v6h-6v6H9v-6H3V9h6z",
        Icon::Connector => "M3 8h14l-4-4M21 16H7l4 4",
        Icon::Crm => {
            "M3 5h18v14H3zM7 15c0-4 6-4 6 0M8.500 9.500a1.500 1.500 0 1 0 3 0 1.500 1.500 0 1 0-3 0M16 10h2M16 14h2"
        }
    };
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=path></path>
        </svg>
    }
    .into_any()
}
