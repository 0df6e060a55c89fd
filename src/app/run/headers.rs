//! The headers of the request in the editor, as a list that can be changed in every way.

use super::forge::{self, CONTENT_TYPE, ID, SIGNATURE, TIMESTAMP};
use crate::api::Header;
use crate::app::desk::Desk;
use crate::app::dom;
use leptos::prelude::*;

/// Media types to choose from; the empty one stands for no header.
const MEDIA_TYPES: [&str; 5] =
    ["", "application/json", "application/fhir+json", "application/json; charset=iso-8859-1", "text/plain"];

/// Headers whose fields have names of their own, for whoever looks for them.
const KNOWN: [&str; 4] = [ID, TIMESTAMP, SIGNATURE, CONTENT_TYPE];

/// The list of headers.
#[component]
pub fn Headers(desk: Desk) -> impl IntoView {
    let bench = desk.bench;
    let count = Memo::new(move |_| {
        let at = bench.at.get();
        bench.drafts.with(|d| d.get(at).map_or(0, |d| d.request.headers.len()))
    });
    let add = move |_| {
        let last = count.get_untracked();
        forge::edit_headers(desk, |headers| {
            headers.push(Header { name: String::new(), value: String::new() });
        });
        dom::focus_on(["header-name-", &last.to_string()].concat());
    };
    view! {
        <fieldset class="headers">
            <legend>"Headers"</legend>
            <For each=move || 0..count.get() key=|i| *i children=move |i| row(desk, i) />
            <div class="sign-row">
                <button type="button" data-testid="header-add" on:click=add>
                    "Add a header"
                </button>
                {media_type(desk)}
            </div>
        </fieldset>
    }
    .into_any()
}

/// Reads one header of the request in the editor.
fn read(desk: Desk, index: usize, part: impl Fn(&Header) -> &str) -> String {
    let at = desk.bench.at.get();
    desk.bench.drafts.with(|drafts| {
        let header = drafts.get(at).and_then(|d| d.request.headers.get(index));
        header.map(|h| part(h).to_owned()).unwrap_or_default()
    })
}

fn row(desk: Desk, index: usize) -> AnyView {
    let number = (index + 1).to_string();
    let (n1, n2, n3) = (number.clone(), number.clone(), number.clone());
    let name = Memo::new(move |_| read(desk, index, |h| &h.name));
    let value = Memo::new(move |_| read(desk, index, |h| &h.value));
    // The first header of a known name can be told by it.
    let first = Memo::new(move |_| {
        let at = desk.bench.at.get();
        let name = name.get();
        desk.bench.drafts.with(|drafts| {
            let headers = drafts.get(at).map(|d| d.request.headers.as_slice()).unwrap_or_default();
            headers.iter().position(|h| h.name.eq_ignore_ascii_case(&name)) == Some(index)
        })
    });
    let testid = move || {
        let name = name.get();
        let known = KNOWN.into_iter().find(|known| first.get() && known.eq_ignore_ascii_case(&name));
        known.map_or_else(|| ["header-value-", &index.to_string()].concat(), str::to_owned)
    };
    let value_label = move || match name.get() {
        name if name.is_empty() => ["Value of header ", &n1].concat(),
        name => name,
    };
    let rename = move |event| {
        let text = event_target_value(&event);
        forge::edit_headers(desk, |headers| {
            if let Some(header) = headers.get_mut(index) {
                header.name = text;
            }
        });
    };
    let edit = move |event| {
        let text = event_target_value(&event);
        forge::edit_headers(desk, |headers| {
            if let Some(header) = headers.get_mut(index) {
                header.value = text;
            }
        });
    };
    let repeat = move |_| {
        forge::edit_headers(desk, |headers| {
            if let Some(header) = headers.get(index).cloned() {
                headers.insert(index, header);
            }
        });
        desk.say("The header is there once more.");
    };
    let remove = move |_| {
        let mut last = false;
        forge::edit_headers(desk, |headers| {
            if index < headers.len() {
                headers.remove(index);
            }
            last = index >= headers.len();
        });
        // The row of the last one goes, and the focus with it.
        if last {
            dom::focus_on("header-add");
        }
        desk.say("The header is gone.");
    };
    view! {
        <div class="header" role="group" aria-label=move || ["Header ", &n2].concat()>
            <input
                type="text"
                class="header-name"
                spellcheck="false"
                autocomplete="off"
                autocapitalize="off"
                placeholder="name"
                aria-label=["Name of header ", &n3].concat()
                data-testid=["header-name-", &index.to_string()].concat()
                prop:value=move || name.get()
                on:input=rename
            />
            <input
                type="text"
                class="header-value"
                spellcheck="false"
                autocomplete="off"
                autocapitalize="off"
                placeholder="(empty)"
                aria-label=value_label
                data-testid=testid
                prop:value=move || value.get()
                on:input=edit
            />
            <button
                type="button"
                class="mini"
                title="Send this header twice"
                aria-label=["Repeat header ", &number].concat()
                data-testid=["header-repeat-", &index.to_string()].concat()
                on:click=repeat
            >
                <span aria-hidden="true">"×2"</span>
            </button>
            <button
                type="button"
                class="mini"
                title="Leave this header out"
                aria-label=["Remove header ", &number].concat()
                data-testid=["header-remove-", &index.to_string()].concat()
                on:click=remove
            >
                <span aria-hidden="true">"✕"</span>
            </button>
        </div>
    }
    .into_any()
}

/// The content type, which is a header like any other, to choose.
fn media_type(desk: Desk) -> AnyView {
    let now = Memo::new(move |_| {
        let at = desk.bench.at.get();
        let header = |d: &super::bench::Draft| d.request.header(CONTENT_TYPE).map(str::to_owned);
        desk.bench.drafts.with(|d| d.get(at).and_then(header)).unwrap_or_default()
    });
    let choose = move |event| {
        let media = event_target_value(&event);
        forge::edit_headers(desk, |headers| {
            headers.retain(|h| !h.name.eq_ignore_ascii_case(CONTENT_TYPE));
            if !media.is_empty() {
                headers.push(Header { name: CONTENT_TYPE.to_owned(), value: media });
            }
        });
    };
    let options = move || {
        let now = now.get();
        let own = (!MEDIA_TYPES.contains(&now.as_str())).then(|| now.clone());
        let all = MEDIA_TYPES.into_iter().map(str::to_owned).chain(own);
        let option = |media: String| {
            let words = if media.is_empty() { String::from("left out") } else { media.clone() };
            let chosen = media == now;
            view! {
                <option value=media selected=chosen>
                    {words}
                </option>
            }
        };
        all.map(option).collect::<Vec<_>>()
    };
    view! {
        <label class="pick">
            <span>"Content type"</span>
            <select data-testid="media-type" prop:value=move || now.get() on:change=choose>
                {options}
            </select>
        </label>
    }
    .into_any()
}
