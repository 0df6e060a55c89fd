//! A long list of which only the rows in sight are in the document.

use leptos::html::Div;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// Gives the row at an index.
pub type Row = Arc<dyn Fn(usize) -> AnyView + Send + Sync>;

/// An observer and the closure it calls, which has to live as long.
type Watch = (web_sys::ResizeObserver, Closure<dyn FnMut(JsValue)>);

/// Rows drawn beyond what is in sight, so that scrolling never shows a gap.
const OVERSCAN: usize = 8;

/// A list of rows of one height. What `row` reads reactively redraws the rows in sight.
#[component]
pub fn VirtualList(
    /// Number of rows.
    #[prop(into)]
    count: Signal<usize>,
    /// Height of a row in CSS pixels; the style sheet says the same.
    row_height: usize,
    /// Draws a row.
    row: Row,
    /// A row to bring into view whenever it changes.
    #[prop(into, optional)]
    focus: Signal<Option<usize>>,
    /// ARIA role of the list.
    role: &'static str,
    /// What the list is called.
    label: &'static str,
    /// `data-testid` of the list.
    testid: &'static str,
    /// Id of the element that has the keyboard's attention, while the focus itself stays on the list.
    #[prop(into, optional)]
    active: Signal<Option<String>>,
    /// A line above the rows that stays in sight.
    #[prop(optional)]
    head: Option<AnyView>,
    /// What scrolls, for focusing it and scrolling sideways.
    #[prop(optional)]
    scroller: NodeRef<Div>,
    /// Number of columns, where the list is a grid.
    #[prop(optional)]
    columns: Option<usize>,
    /// What lies over the rows and scrolls with them.
    #[prop(optional)]
    overlay: Option<AnyView>,
) -> impl IntoView {
    let top = RwSignal::new(0usize);
    let height = RwSignal::new(600usize);
    // The range goes in steps, so that scrolling by a few pixels redraws nothing.
    let range = Memo::new(move |_| {
        let step = OVERSCAN / 2;
        let first = (top.get() / row_height).saturating_sub(OVERSCAN) / step * step;
        let shown = height.get() / row_height + 2 * OVERSCAN + step;
        let count = count.get();
        (first.min(count), first.saturating_add(shown).min(count))
    });
    let measure = move || {
        if let Some(el) = scroller.get_untracked() {
            top.set(usize::try_from(el.scroll_top()).unwrap_or(0));
            let seen = usize::try_from(el.client_height()).unwrap_or(0);
            if seen > 0 {
                height.set(seen);
            }
        }
    };
    watch_size(scroller, measure);
    Effect::new(move |_| {
        let (Some(index), Some(el)) = (focus.get(), scroller.get()) else { return };
        bring_row_into_view(&el, index, row_height);
    });
    let space = move || [&(count.get() * row_height).to_string(), "px"].concat();
    let offset = move || ["translateY(", &(range.get().0 * row_height).to_string(), "px)"].concat();
    let rows = move || {
        let (from, to) = range.get();
        (from..to).map(|i| row(i)).collect::<Vec<_>>()
    };
    view! {
        <div
            class="vlist"
            node_ref=scroller
            tabindex="0"
            role=role
            aria-label=label
            aria-activedescendant=move || active.get()
            aria-multiselectable=columns.map(|_| "true")
            aria-colcount=columns.map(|n| n.to_string())
            aria-rowcount=move || columns.map(|_| (count.get() + 1).to_string())
            data-testid=testid
            on:scroll=move |_| measure()
        >
            {head}
            <div class="vlist-space" role="presentation" style:height=space>
                <div class="vlist-rows" role="presentation" style:transform=offset>
                    {rows}
                </div>
                {overlay}
            </div>
        </div>
    }
    .into_any()
}

fn bring_row_into_view(el: &web_sys::HtmlDivElement, index: usize, row_height: usize) {
    let from = i32::try_from(index * row_height).unwrap_or(i32::MAX);
    let row = i32::try_from(row_height).unwrap_or(0);
    // The head of the list covers about a row.
    let seen = el.client_height().saturating_sub(row);
    if from < el.scroll_top() {
        el.set_scroll_top(from);
    } else if from + row > el.scroll_top() + seen {
        el.set_scroll_top(from + row - seen);
    }
}

/// Measures when the list comes to be, and whenever its size changes.
fn watch_size(scroller: NodeRef<Div>, measure: impl Fn() + Copy + 'static) {
    let held = StoredValue::new_local(None::<Watch>);
    Effect::new(move |_| {
        let Some(el) = scroller.get() else { return };
        let on_size = Closure::<dyn FnMut(JsValue)>::new(move |_| measure());
        if let Ok(observer) = web_sys::ResizeObserver::new(on_size.as_ref().unchecked_ref()) {
            observer.observe(&el);
            held.set_value(Some((observer, on_size)));
        }
        measure();
    });
    on_cleanup(move || {
        if let Some((observer, _)) = held.try_update_value(Option::take).flatten() {
            observer.disconnect();
        }
    });
}
