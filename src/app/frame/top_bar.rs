//! The top bar: what is in force, the clock, the storage.

use super::theme::ThemeSwitch;
use crate::api::{PolicySummary, check_policy};
use crate::app::desk::Desk;
use crate::app::{dom, text};
use leptos::prelude::*;

/// What is in force.
#[component]
pub fn TopBar(desk: Desk) -> impl IntoView {
    // Reading the policy is worth doing once a policy, not once an edit of something else.
    let policy = Memo::new(move |_| desk.setup().map(|s| s.policy));
    let summary = Memo::new(move |_| policy.with(|p| p.as_ref().and_then(|p| check_policy(p).policy)));
    let role = move || desk.bench.scenario.with(|s| s.as_ref().map(|s| s.setup.role.clone()));
    let draft = move || {
        let shipped = desk.bench.scenario.with(|s| s.as_ref().map(|s| s.setup.policy.clone()));
        shipped.and_then(|shipped| desk.bench.adopted_for(&shipped)).is_some_and(|a| !a.published)
    };
    let version = move || {
        let name = |p: &PolicySummary| [p.id.as_str(), "@", &p.version].concat();
        summary.with(|s| s.as_ref().map(name)).unwrap_or_else(|| String::from("none"))
    };
    let purpose = move || summary.with(|s| s.as_ref().map(|s| s.purpose.clone())).unwrap_or_default();
    view! {
        <header class="top">
            <p class="brand">
                <strong>"Airlock"</strong>
            </p>
            <dl class="force">
                <div>
                    <dt>"Policy"</dt>
                    <dd data-testid="active-policy">
                        {version} {move || draft().then(|| view! { <em>" (draft)"</em> })}
                    </dd>
                </div>
                <div>
                    <dt>"Purpose"</dt>
                    <dd data-testid="active-purpose">{purpose}</dd>
                </div>
                <div>
                    <dt>"Role"</dt>
                    <dd data-testid="active-role">{role}</dd>
                </div>
                <div>
                    <dt>"Clock"</dt>
                    <dd data-testid="clock">"simulated " {move || dom::show_time(desk.clock.get())}</dd>
                </div>
                <div>
                    <dt>"Storage"</dt>
                    <dd data-testid="storage-meter">{move || meter(desk)}</dd>
                </div>
            </dl>
            <ThemeSwitch />
        </header>
    }
    .into_any()
}

fn meter(desk: Desk) -> AnyView {
    let (units, capacity) = (desk.units.get(), desk.custody.capacity.get());
    let words = [&text::short_size(units), " of ", &text::short_size(capacity.units), " characters"].concat();
    let title = match capacity.measured {
        true => "Characters (UTF-16 units) kept in local storage, of what this browser was measured to hold",
        false => "Characters (UTF-16 units) kept in local storage, of what browsers are assumed to hold",
    };
    view! {
        <meter
            min="0"
            max=capacity.units.to_string()
            high=(capacity.units / 10 * 8).to_string()
            value=units.to_string()
            title=title
            aria-label="Local storage"
        ></meter>
        <span>{words}</span>
    }
    .into_any()
}
