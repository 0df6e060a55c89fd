//! The scenario picker.

use super::own::OwnInput;
use crate::api::ScenarioCard;
use crate::app::desk::Desk;
use crate::app::route::Step;
use crate::app::text;
use leptos::prelude::*;

/// The groups, in the order of an event's way: family of the refusal, and what the group is called. A family that is
/// not here comes last, under its own name.
const TOPICS: [(&str, &str); 14] = [
    ("through", "Events that go through"),
    ("webhook", "Refused at the door"),
    ("json", "Not JSON"),
    ("event", "Envelopes"),
    ("notification", "Subscription notifications"),
    ("queue", "Queue"),
    ("structure", "FHIR structure"),
    ("validate", "Validation"),
    ("provenance", "Provenance"),
    ("synthetic", "Synthetic data only"),
    ("consent", "Consent"),
    ("redact", "Redaction"),
    ("guard", "The guard"),
    ("deliver", "Delivery"),
];

/// The scenarios as radio buttons in groups, each with its story.
#[component]
pub fn Picker(desk: Desk) -> impl IntoView {
    let wanted = RwSignal::new(String::new());
    let cards = desk.cards.get_value();
    let mut rest: Vec<&ScenarioCard> = cards.iter().collect();
    let mut groups = Vec::new();
    let mut take = |topic: &str, title: &str| {
        let (these, others): (Vec<_>, Vec<_>) = rest.drain(..).partition(|card| card.topic == topic);
        rest = others;
        if !these.is_empty() {
            groups.push(group(desk, topic, title, &these, wanted));
        }
        rest.first().map(|card| card.topic.clone())
    };
    let mut unknown = None;
    for (topic, title) in TOPICS {
        unknown = take(topic, title);
    }
    while let Some(topic) = unknown {
        unknown = take(&topic, &topic);
    }
    let all = text::count(cards.len(), "scenario");
    let none = move || wanted.with(|w| !cards.iter().any(|card| fits(card, w)));
    view! {
        <fieldset class="picker" data-testid="scenarios">
            <legend>"Scenario"</legend>
            <input
                type="search"
                spellcheck="false"
                autocomplete="off"
                aria-label="Find a scenario"
                placeholder=["Find among ", &all, "…"].concat()
                data-testid="scenario-find"
                prop:value=move || wanted.get()
                on:input=move |event| wanted.set(event_target_value(&event))
            />
            <div class="choices">
                {groups}
                <Show when=none>
                    <p class="empty">"No scenario speaks of that."</p>
                </Show>
            </div>
        </fieldset>
    }
    .into_any()
}

/// Whether a scenario has all the words that are looked for, in any case.
fn fits(card: &ScenarioCard, wanted: &str) -> bool {
    let all = [&card.id, &card.title, &card.story, &card.teaches, &card.topic].map(|t| t.to_lowercase());
    wanted.to_lowercase().split_whitespace().all(|word| all.iter().any(|text| text.contains(word)))
}

fn group(desk: Desk, topic: &str, title: &str, cards: &[&ScenarioCard], wanted: RwSignal<String>) -> AnyView {
    let heading = ["topic-", topic].concat();
    let labelled_by = heading.clone();
    let own: Vec<ScenarioCard> = cards.iter().copied().cloned().collect();
    let away = move || wanted.with(|w| !own.iter().any(|card| fits(card, w)));
    let choices = cards.iter().map(|card| choice(desk, card, wanted)).collect::<Vec<_>>();
    view! {
        <div class="topic" role="group" aria-labelledby=labelled_by hidden=away>
            <p class="topic-name" id=heading>
                {title.to_owned()}
            </p>
            {choices}
        </div>
    }
    .into_any()
}

fn choice(desk: Desk, card: &ScenarioCard, wanted: RwSignal<String>) -> AnyView {
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
    let own = card.clone();
    let away = move || wanted.with(|w| !fits(&own, w));
    let lesson = move || {
        (open.get() && !teaches.is_empty()).then(|| {
            view! { <span class="choice-teaches">"Shows: " {teaches.clone()}</span> }
        })
    };
    view! {
        <label class="choice" class:open=move || open.get() hidden=away data-testid=testid>
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
