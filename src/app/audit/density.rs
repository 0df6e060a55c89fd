//! How many records there are when, by what came of them; a stretch is zoomed into by dragging or by keys.

use super::search::Search;
use crate::api::archive::{Density, Key, OutcomeClass};
use crate::api::format_time;
use crate::app::dom;
use crate::app::route::Step;
use leptos::html::Div;
use leptos::prelude::*;

/// Units of the bar's height.
const HEIGHT: u32 = 1_000;
/// Of them, what even one record gets.
const LEAST: u32 = 60;

/// The bar above the timeline.
#[component]
pub fn DensityBar(search: Search) -> impl IntoView {
    let density = Memo::new(move |_| search.summary.with(|s| s.density.clone()));
    let buckets = move || density.with_untracked(|d| d.buckets.len());
    // Where a stretch was begun, and where it ends for now.
    let stretch = RwSignal::new(None::<(usize, usize)>);
    let dragging = RwSignal::new(false);
    let bar = NodeRef::<Div>::new();
    Effect::new(move |_| {
        density.track();
        stretch.set(None);
    });
    let under = move |x: i32| {
        let width = bar.get_untracked().map_or(1, |el| el.client_width()).max(1);
        let last = buckets().saturating_sub(1);
        (usize::try_from(x).unwrap_or(0) * buckets() / usize::try_from(width).unwrap_or(1)).min(last)
    };
    let down = move |event: web_sys::PointerEvent| {
        if event.button() == 0 && buckets() > 0 {
            let at = under(event.offset_x());
            stretch.set(Some((at, at)));
            dragging.set(true);
            if let Some(el) = bar.get_untracked() {
                let _ = el.set_pointer_capture(event.pointer_id());
            }
        }
    };
    let moved = move |event: web_sys::PointerEvent| {
        if dragging.get_untracked() {
            let to = under(event.offset_x());
            stretch.update(|s| *s = s.map(|(from, _)| (from, to)));
        }
    };
    let up = move |_: web_sys::PointerEvent| {
        dragging.set(false);
        if stretch.get_untracked().is_some_and(|(from, to)| from != to) {
            zoom(search, stretch.get_untracked());
        }
    };
    let keys = move |event: web_sys::KeyboardEvent| {
        let last = buckets().saturating_sub(1);
        let (from, to) = stretch.get_untracked().unwrap_or((0, 0));
        let next = match event.key().as_str() {
            "ArrowLeft" => to.saturating_sub(1),
            "ArrowRight" => (to + usize::from(stretch.with_untracked(Option::is_some))).min(last),
            "Home" => 0,
            "End" => last,
            "Enter" => return zoom(search, stretch.get_untracked()),
            "Backspace" | "-" => return zoom_out(search),
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        stretch.set(Some((if event.shift_key() { from } else { next }, next)));
    };
    let zoomed = move || {
        search
            .summary
            .with(|s| [Key::After, Key::Before].iter().any(|key| !s.query.values(*key, false).is_empty()))
    };
    let paths = move || density.with(paths);
    let view_box = move || ["0 0 ", &density.with(|d| d.buckets.len().max(1)).to_string(), " 1000"].concat();
    let chosen = move || {
        let (from, to) = stretch.get().map(|(a, b)| (a.min(b), a.max(b)))?;
        let width = (to - from + 1).to_string();
        Some(view! { <rect class="stretch" x=from.to_string() y="0" width=width height="1000" /> })
    };
    let said = move || density.with(|d| said(d, stretch.get()));
    view! {
        <div class="density">
            <div
                class="density-bar"
                node_ref=bar
                tabindex="0"
                role="slider"
                aria-label="Records over time: arrow keys choose, with Shift a stretch, Enter zooms in, Backspace out"
                aria-valuemin="0"
                aria-valuemax=move || density.with(|d| d.buckets.len().saturating_sub(1)).to_string()
                aria-valuenow=move || stretch.get().map_or(0, |s| s.1).to_string()
                aria-valuetext=said
                data-testid="density"
                on:pointerdown=down
                on:pointermove=moved
                on:pointerup=up
                on:keydown=keys
            >
                <svg viewBox=view_box preserveAspectRatio="none" aria-hidden="true">
                    {paths}
                    {chosen}
                </svg>
            </div>
            <p class="note density-words">
                <span data-testid="density-words">{said}</span>
                <button
                    type="button"
                    class="quiet"
                    data-testid="zoom-out"
                    disabled=move || !zoomed()
                    on:click=move |_| zoom_out(search)
                >
                    "Zoom out"
                </button>
            </p>
        </div>
    }
    .into_any()
}

fn edge(density: &Density, bucket: usize) -> i64 {
    let bucket = i64::try_from(bucket).unwrap_or(i64::MAX);
    density.from.saturating_add(density.width.saturating_mul(bucket))
}

fn zoom(search: Search, stretch: Option<(usize, usize)>) {
    let Some((from, to)) = stretch.map(|(a, b)| (a.min(b), a.max(b))) else { return };
    let (after, before) =
        search.summary.with_untracked(|s| (edge(&s.density, from), edge(&s.density, to + 1)));
    search.change(Step::Push, |query| {
        query.set(Key::After, false, &[format_time(after)])
            && query.set(Key::Before, false, &[format_time(before)])
    });
}

fn zoom_out(search: Search) {
    search
        .change(Step::Push, |query| query.set(Key::After, false, &[]) && query.set(Key::Before, false, &[]));
}

fn said(density: &Density, stretch: Option<(usize, usize)>) -> String {
    if density.buckets.is_empty() {
        return String::from("No time to show.");
    }
    let (from, to) = stretch.map_or((0, density.buckets.len() - 1), |(a, b)| (a.min(b), a.max(b)));
    let in_it = density.buckets.iter().skip(from).take(to - from + 1).flatten().sum::<u32>();
    let mut words =
        [&dom::show_time(edge(density, from)), " – ", &dom::show_time(edge(density, to + 1))].concat();
    words.push_str(&[": ", &crate::app::text::count(in_it as usize, "record")].concat());
    if density.undated > 0 {
        words.push_str(&[", ", &density.undated.to_string(), " without a time"].concat());
    }
    words
}

/// One path a class, each bucket's classes upon each other.
fn paths(density: &Density) -> Vec<AnyView> {
    let most = density.buckets.iter().map(|b| b.iter().sum::<u32>()).max().unwrap_or(0).max(1);
    let mut drawn = [const { String::new() }; 5];
    for (at, counts) in density.buckets.iter().enumerate() {
        let sum = counts.iter().sum::<u32>();
        if sum == 0 {
            continue;
        }
        let tall = LEAST + (HEIGHT - LEAST) * sum / most;
        let mut below = 0u32;
        for (path, count) in drawn.iter_mut().zip(counts).filter(|(_, count)| **count > 0) {
            let (low, high) = (tall * below / sum, tall * (below + count) / sum);
            below += count;
            let (x, y, h) = (at.to_string(), (HEIGHT - high).to_string(), (high - low).to_string());
            path.push_str(&["M", &x, " ", &y, "h1v", &h, "h-1z"].concat());
        }
    }
    let classes = OutcomeClass::ALL.into_iter().zip(drawn);
    classes
        .map(|(class, d)| view! { <path class=["of-", class.as_str()].concat() d=d /> }.into_any())
        .collect()
}
