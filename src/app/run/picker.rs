//! The scenario picker.

use super::own::OwnInput;
use crate::api::ScenarioCard;
use crate::app::desk::Desk;
use crate::app::route::Step;
use leptos::prelude::*;

/// The scenarios as radio buttons, each with its story.
#[component]
pub fn Picker(desk: Desk) -> impl IntoView {
    let cards = desk.cards.get_value();
    let choices = cards.iter().map(|card| choice(desk, card)).collect::<Vec<_>>();
    view! {
        <fieldset class="picker" data-testid="scenarios">
            <legend>"Scenario"</legend>
            <div class="choices">{choices}</div>
        </fieldset>
    }
    .into_any()
}

fn choice(desk: Desk, card: &ScenarioCard) -> AnyView {
    let id = card.id.clone();
    let teaches = card.teaches.clone();
    let open = {
        let id = id.clone();
        Memo::new(move |_| {
            let shown = desk.bench.scenario.with(|s| s.as_ref().is_some_and(|s| s.card.id == id));
            shown && desk.bench.own.input.with(|own| *own == OwnInput::None)
        })
    };
    let pick = {
        let id = id.clone();
        move |_| {
            let mut to = desk.route.get_untracked();
            to.scenario = Some(id.clone());
            desk.go(to, Step::Push);
            // Going back to the scenario that own input stands in for changes no address.
            if !open.get_untracked() {
                desk.show_scenario(&id);
            }
        }
    };
    let testid = ["scenario-", &id].concat();
    let lesson = move || {
        (open.get() && !teaches.is_empty()).then(|| {
            view! { <span class="choice-teaches">"Shows: " {teaches.clone()}</span> }
        })
    };
    view! {
        <label class="choice" class:open=move || open.get() data-testid=testid>
            <input
                type="radio"
                name="scenario"
                value=id
                prop:checked=move || open.get()
                on:change=pick
            />
            <span class="choice-title">{card.title.clone()}</span>
            <span class="choice-story" title=card.story.clone()>
                {card.story.clone()}
            </span>
            {lesson}
        </label>
    }
    .into_any()
}
