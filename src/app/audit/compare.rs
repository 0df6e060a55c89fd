//! Two runs side by side, step by step, and what differs between them.

use super::super::words;
use super::chain::LONG;
use crate::api::archive::LatestRun;
use crate::api::compare::{MemberDifference, OWN_MEMBERS, STEP, side_by_side};
use crate::api::{Entry, LogOnView};
use crate::app::desk::Desk;
use crate::app::route::{Compared, Step};
use crate::app::{dom, text};
use leptos::prelude::*;

/// Runs that are offered for comparison, and steps that are listed.
const RUNS: usize = 100;
const STEPS: usize = 400;
/// Characters that are shown of a value.
const CLIP: usize = 200;

/// A record of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Side {
    seq: u64,
    what: String,
    outcome: String,
}

/// Two records that stand side by side, or one alone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    left: Option<Side>,
    right: Option<Side>,
    differing: Vec<MemberDifference>,
}

/// The records of a run, by their places and as texts.
fn records(log: LogOnView<'_>, run: &str) -> (Vec<u64>, Vec<String>) {
    let chain = log.archive().chain(run).records.into_iter().take(LONG);
    chain.filter_map(|seq| Some((seq, log.archive().canonical(seq)?))).unzip()
}

fn lines(desk: Desk, compared: &Compared) -> Vec<Line> {
    let left = desk.on_view(|log| records(log, &compared.run));
    let right = match compared.own {
        true => desk.keeper.try_with_value(|k| records(LogOnView::Own(&k.session), &compared.with)),
        false => desk.on_view(|log| records(log, &compared.with)),
    };
    let (left, right) = (left.unwrap_or_default(), right.unwrap_or_default());
    let side = |(places, texts): &(Vec<u64>, Vec<String>), at: Option<usize>| {
        let (seq, text) = (places.get(at?)?, texts.get(at?)?);
        let entry = Entry::read(text);
        let what = text::plain(&[entry.stage.as_str(), " ", &entry.action].concat(), CLIP);
        Some(Side { seq: *seq, what, outcome: text::plain(&entry.outcome, CLIP) })
    };
    // What arrived has an id of its own, too.
    let [correlation, seq, time] = OWN_MEMBERS;
    let pairs = side_by_side(&left.1, &right.1, &STEP, &[correlation, "event", seq, time]).into_iter();
    let line = |pair: crate::api::compare::Pair| Line {
        left: side(&left, pair.left),
        right: side(&right, pair.right),
        differing: pair.differing,
    };
    pairs.map(line).collect()
}

/// The two runs that the address bar names.
#[component]
pub fn CompareView(desk: Desk) -> impl IntoView {
    let compared = Memo::new(move |_| desk.route.with(|r| r.compare.clone()));
    let shown = Memo::new(move |_| {
        desk.revision.track();
        let compared = compared.get()?;
        let lines = lines(desk, &compared);
        Some((compared, lines))
    });
    // On a small window it stands below what it was asked for in.
    Effect::new(move |_| {
        if compared.get().is_some() {
            dom::focus_on("compare");
        }
    });
    let close = move |_| {
        let mut to = desk.route.get_untracked();
        to.compare = None;
        desk.go(to, Step::Push);
    };
    let content = move || shown.get().map(|(compared, lines)| listed(desk, &compared, &lines));
    view! {
        <section class="compare" tabindex="-1" aria-labelledby="compare-title" data-testid="compare">
            <header class="bar">
                <h2 id="compare-title">"Two runs side by side"</h2>
                <button type="button" data-testid="compare-close" on:click=close>
                    "Back to the list"
                </button>
            </header>
            {content}
        </section>
    }
    .into_any()
}

fn listed(desk: Desk, compared: &Compared, lines: &[Line]) -> AnyView {
    let of = |own: bool| match (own, desk.card.with(Option::is_some)) {
        (true, true) => " (this browser's timeline)",
        (false, true) => " (the bundle)",
        (_, false) => "",
    };
    let left = [&text::plain(&compared.run, CLIP), of(false)].concat();
    let right = [&text::plain(&compared.with, CLIP), of(compared.own)].concat();
    let alone = |line: &&Line| line.left.is_none() || line.right.is_none();
    let (alone, both) = (
        lines.iter().filter(alone).count(),
        lines.iter().filter(|line| line.left.is_some() && line.right.is_some()),
    );
    let (mut same, mut differ) = (0, 0);
    both.for_each(|line| *if line.differing.is_empty() { &mut same } else { &mut differ } += 1);
    let has = |side: fn(&Line) -> bool| lines.iter().any(side);
    let sum = match (has(|line| line.left.is_some()), has(|line| line.right.is_some())) {
        (false, false) => "Neither run has a record here.".to_owned(),
        (false, true) => ["There is no record of ", &left, " here."].concat(),
        (true, false) => ["There is no record of ", &right, " here."].concat(),
        (true, true) => [
            &text::count(same, "step"),
            " the same, ",
            &text::group(differ),
            " different, ",
            &text::group(alone),
            " in one run only",
        ]
        .concat(),
    };
    let rows = lines.iter().take(STEPS).map(|line| row(desk, line, compared.own)).collect::<Vec<_>>();
    let more = lines.len().saturating_sub(STEPS);
    let more = (more > 0).then(|| {
        view! { <p class="note">{["… and ", &text::count(more, "step")].concat()}</p> }
    });
    view! {
        <p role="status" data-testid="compare-sum">
            {sum}
            <span class="note">" Number, time, correlation id and event id are each run's own, and passed over."</span>
        </p>
        <div class="compare-line compare-head" aria-hidden="true">
            <strong>{left}</strong>
            <span></span>
            <strong>{right}</strong>
        </div>
        <ol class="compare-lines">{rows}</ol>
        {more}
    }
    .into_any()
}

fn row(desk: Desk, line: &Line, other_log: bool) -> AnyView {
    let (state, mark, word) = match (&line.left, &line.right) {
        (Some(_), Some(_)) if line.differing.is_empty() => ("same", ("calm", "="), "same"),
        (Some(_), Some(_)) => ("different", ("warn", "≠"), "different"),
        (Some(_), None) => ("left", ("bad", "−"), "only here"),
        _ => ("right", ("bad", "+"), "only there"),
    };
    let own = other_log && desk.card.with_untracked(Option::is_some);
    let members = line.differing.iter().map(|differing| {
        let said = |value: &Option<String>| match value {
            Some(value) => view! { <code>{text::plain(value, CLIP)}</code> }.into_any(),
            None => view! { <span class="note">"nothing"</span> }.into_any(),
        };
        view! {
            <div>
                <dt>{differing.member.clone().unwrap_or_else(|| "the whole text".to_owned())}</dt>
                <dd>{said(&differing.left)} " → " {said(&differing.right)}</dd>
            </div>
        }
    });
    let members = members.collect::<Vec<_>>();
    let members = (!members.is_empty()).then(|| view! { <dl class="facts">{members}</dl> });
    view! {
        <li data-testid="compare-line" data-state=state>
            <div class="compare-line">
                {side(desk, line.left.as_ref(), false)}
                {words::mark(mark, word)}
                {side(desk, line.right.as_ref(), own)}
            </div>
            {members}
        </li>
    }
    .into_any()
}

/// A record of one side, which opens; not so one of a log that is not on view.
fn side(desk: Desk, side: Option<&Side>, elsewhere: bool) -> AnyView {
    let Some(Side { seq, what, outcome }) = side else {
        return view! { <span class="note">"—"</span> }.into_any();
    };
    let seq = *seq;
    let content = view! {
        <span class="seq">{seq.to_string()}</span>
        <span>{what.clone()}</span>
        {words::outcome_mark(outcome)}
    };
    if elsewhere {
        return view! { <span class="compare-side">{content}</span> }.into_any();
    }
    let go = move |_| {
        let mut to = desk.route.get_untracked();
        to.record = Some(seq);
        desk.go(to, Step::Push);
    };
    view! {
        <button type="button" class="quiet compare-side" on:click=go>
            {content}
        </button>
    }
    .into_any()
}

/// Where the other run is chosen.
#[component]
pub fn CompareWith(desk: Desk, run: String, unfolded: RwSignal<bool>) -> impl IntoView {
    // Without a bundle there is one log only.
    let own = RwSignal::new(false);
    let chosen = RwSignal::new(String::new());
    let run = StoredValue::new(run);
    let runs = Memo::new(move |_| {
        if !unfolded.get() {
            return Vec::new();
        }
        desk.revision.track();
        let latest = |log: LogOnView<'_>| log.archive().latest_runs(RUNS);
        let found: Option<Vec<LatestRun>> = match own.get() {
            true => desk.keeper.try_with_value(|k| latest(LogOnView::Own(&k.session))),
            false => desk.on_view(latest),
        };
        let mut found = found.unwrap_or_default();
        if !own.get() {
            run.with_value(|run| found.retain(|other| other.correlation != *run));
        }
        found
    });
    let options = move || {
        let option = |LatestRun { correlation, outcome }: LatestRun| {
            let words = [&text::plain(&correlation, 60), " · ", &text::plain(&outcome, 40)].concat();
            view! { <option value=correlation>{words}</option> }
        };
        runs.get().into_iter().map(option).collect::<Vec<_>>()
    };
    let compare = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let first = || runs.with_untracked(|runs| runs.first().map(|run| run.correlation.clone()));
        let with = Some(chosen.get_untracked().trim().to_owned()).filter(|id| !id.is_empty()).or_else(first);
        let Some(with) = with else { return };
        let mut to = desk.route.get_untracked();
        to.compare = Some(Compared { run: run.get_value(), with, own: own.get_untracked() });
        desk.go(to, Step::Push);
    };
    let of_own = move |event: web_sys::Event| {
        own.set(event_target_checked(&event));
        chosen.set(if own.get_untracked() { run.get_value() } else { String::new() });
    };
    view! {
        <details data-testid="compare-with" open=unfolded.get_untracked() on:toggle=move |event| unfolded.set(dom::is_unfolded(&event))>
            <summary>"Compare with another run…"</summary>
            <form class="compare-with" on:submit=compare>
                <Show when=move || desk.card.with(Option::is_some)>
                    <label class="check">
                        <input
                            type="checkbox"
                            data-testid="compare-own"
                            prop:checked=move || own.get()
                            on:change=of_own
                        />
                        <span>"a run of this browser's own timeline"</span>
                    </label>
                </Show>
                <label>
                    <span class="note">"One of the latest runs"</span>
                    <select
                        data-testid="compare-run"
                        on:change=move |event| chosen.set(event_target_value(&event))
                    >
                        {options}
                    </select>
                </label>
                <label>
                    <span class="note">"or its id"</span>
                    <input
                        type="text"
                        spellcheck="false"
                        data-testid="compare-id"
                        prop:value=move || chosen.get()
                        on:input=move |event| chosen.set(event_target_value(&event))
                    />
                </label>
                <button type="submit" data-testid="compare-go">"Compare"</button>
            </form>
        </details>
    }
    .into_any()
}
