//! Light, dark, or as the system has it.

use crate::app::storage;
use leptos::prelude::*;

/// The themes to choose from.
pub const THEMES: [&str; 3] = ["system", "light", "dark"];

/// The theme chosen before, or the system's.
pub fn chosen() -> String {
    storage::theme().filter(|t| THEMES.contains(&t.as_str())).unwrap_or_else(|| String::from("system"))
}

/// Puts a theme on the page.
pub fn apply(theme: &str) {
    if let Some(root) = document().document_element() {
        let _ = match theme {
            "light" | "dark" => root.set_attribute("data-theme", theme),
            _ => root.remove_attribute("data-theme"),
        };
    }
}

/// The switch.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let theme = RwSignal::new(chosen());
    let change = move |event| {
        let value = event_target_value(&event);
        apply(&value);
        storage::set_theme(&value);
        theme.set(value);
    };
    let option = |name: &'static str| {
        view! {
            <option value=name prop:selected=move || theme.with(|t| t == name)>
                {name}
            </option>
        }
    };
    view! {
        <label class="theme">
            <span>"Theme"</span>
            <select data-testid="theme" on:change=change>
                {THEMES.map(option).into_iter().collect::<Vec<_>>()}
            </select>
        </label>
    }
    .into_any()
}
