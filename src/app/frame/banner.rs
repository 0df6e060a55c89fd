//! Banners: what is wrong with storage, what is at stake, and what to do.

use crate::app::desk::{Desk, Keeper, Trouble};
use crate::app::{storage, text};
use leptos::prelude::*;

/// Per cent of local storage from which on the page warns.
const WARNED_FROM: usize = 80;

/// The banner of a storage trouble, and the notice that needs no decision.
#[component]
pub fn Banner(desk: Desk) -> impl IntoView {
    let notice = move || {
        desk.notice.get().map(|words| {
            view! {
                <div class="banner notice" role="status" data-testid="notice">
                    <p>{words}</p>
                    <button type="button" on:click=move |_| desk.notice.set(None)>
                        "Dismiss"
                    </button>
                </div>
            }
        })
    };
    let percent = Memo::new(move |_| desk.custody.capacity.get().percent(desk.units.get()));
    let nearly_full = move || {
        let full = desk.trouble.with(Option::is_some);
        (!full && percent.get() >= WARNED_FROM).then(|| {
            let words = [
                "Local storage is ",
                &percent.get().to_string(),
                " % full. Nothing is lost when it runs out: new records then wait in memory. Export the timeline, and delete what need not be kept.",
            ];
            view! {
                <div class="banner notice" role="status" data-testid="nearly-full">
                    <p>{words.concat()}</p>
                    <div class="buttons">{ways(desk)}</div>
                </div>
            }
        })
    };
    view! {
        {notice}
        {nearly_full}
        {move || desk.trouble.get().map(|trouble| trouble_banner(desk, &trouble))}
    }
    .into_any()
}

/// What helps where there is little room or none.
fn ways(desk: Desk) -> AnyView {
    let sealable = move || {
        desk.revision.track();
        desk.keeper.with_value(|k| k.session.store().may_gain())
    };
    view! {
        <button type="button" data-testid="export-bundle" on:click=move |_| desk.export_own_bundle()>
            "Export an evidence bundle"
        </button>
        <button
            type="button"
            data-testid="open-keeping"
            on:click=move |_| desk.custody.shown.set(true)
        >
            "Delete what need not be kept"
        </button>
        <Show
            when=sealable
            fallback=|| {
                view! {
                    <span class="note" data-testid="nothing-to-seal">
                        "Sealing gains nothing now: all that can be is sealed."
                    </span>
                }
            }
        >
            <button type="button" data-testid="seal" on:click=move |_| desk.make_room()>
                "Seal what can be sealed"
            </button>
        </Show>
    }
    .into_any()
}

fn trouble_banner(desk: Desk, trouble: &Trouble) -> AnyView {
    let vanished = matches!(trouble, Trouble::Vanished);
    let doubted = matches!(trouble, Trouble::Corrupt | Trouble::Forked);
    let stake = move || {
        desk.revision.track();
        let unsaved = desk
            .keeper
            .with_value(|k| if vanished { k.session.records() as usize } else { k.session.unsaved() });
        match unsaved {
            0 if doubted => String::from("No record of this tab waits to be stored."),
            0 => String::from("Every record of this tab is stored."),
            1 => String::from("1 record is only in memory and is lost when this tab closes."),
            n => [&text::group(n), " records are only in memory and are lost when this tab closes."].concat(),
        }
    };
    let (what, advice) = words(trouble);
    let aside = storage::aside_units();
    let room = matches!(trouble, Trouble::Full) && aside > 0;
    let corrupt = matches!(trouble, Trouble::Corrupt | Trouble::Forked);
    let forked = matches!(trouble, Trouble::Forked);
    let full = matches!(trouble, Trouble::Full);
    // Which segments are at fault is known once they are read, which is after the banner is shown.
    let alone = corrupt && !forked;
    let spoilt = Memo::new(move |_| {
        desk.revision.track();
        let count = |k: &Keeper| k.session.spoilt().map_or(0, std::collections::BTreeSet::len);
        if alone { desk.keeper.with_value(count) } else { 0 }
    });
    view! {
        <div class="banner trouble" role="alert" data-testid="trouble">
            <p>
                <strong>
                    <span aria-hidden="true">"⚠ "</span>
                    {what}
                </strong>
            </p>
            <p data-testid="stake">{stake}</p>
            <p>{advice}</p>
            <div class="buttons">
                <button type="button" data-testid="retry" on:click=move |_| desk.retry()>
                    "Try again"
                </button>
                <button type="button" data-testid="export" on:click=move |_| desk.export()>
                    "Export timeline"
                </button>
                {full.then(|| ways(desk))}
                <Show when=move || spoilt.get().gt(&0)>
                    <button
                        type="button"
                        data-testid="set-segments-aside"
                        on:click=move |_| desk.set_segments_aside()
                    >
                        {move || {
                            let what = text::count(spoilt.get(), "segment");
                            ["Set ", &what, " aside and go on with the rest"].concat()
                        }}
                    </button>
                </Show>
                {corrupt
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                data-testid="set-aside"
                                on:click=move |_| desk.start_anew()
                            >
                                "Set the stored timeline aside and start anew"
                            </button>
                        }
                    })}
                {vanished
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                data-testid="write-again"
                                on:click=move |_| desk.write_all_again()
                            >
                                "Store all of it again"
                            </button>
                        }
                    })}
                {forked
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                data-testid="give-up"
                                on:click=move |_| desk.give_up_unsaved()
                            >
                                "Give up this tab's records and read the stored ones"
                            </button>
                        }
                    })}
                {room
                    .then(|| {
                        let size = text::short_size(aside);
                        view! {
                            <button
                                type="button"
                                data-testid="drop-aside"
                                on:click=move |_| desk.drop_aside()
                            >
                                {["Delete the timelines set aside (", &size, " characters)"].concat()}
                            </button>
                        }
                    })}
            </div>
        </div>
    }
    .into_any()
}

fn words(trouble: &Trouble) -> (String, &'static str) {
    match trouble {
        Trouble::Unavailable(why) => {
            let why = why.as_ref().map(|w| [" The browser says: ", w].concat()).unwrap_or_default();
            (
                ["This browser gives the page no local storage.", &why].concat(),
                "Everything works, but nothing is kept. Allow site data for this page and try again, or export the timeline before you leave.",
            )
        }
        Trouble::Full => (
            String::from("Local storage is full: the last records could not be stored."),
            "Nothing stored was changed. Export what there is, then make room: delete old segments, remove other data of this site, or what was set aside. What waits is stored then.",
        ),
        Trouble::Corrupt => (
            String::from("The stored timeline is not as it was written."),
            "It is left untouched, so that it can be looked at: the Audit view says which record and what. New records stay in memory until you set the stored timeline aside.",
        ),
        Trouble::Forked => (
            String::from(
                "Another tab wrote to the timeline while this tab had records that were not stored.",
            ),
            "One log can't hold both. Export this tab's timeline first; then keep either.",
        ),
        Trouble::Vanished => (
            String::from("The stored timeline was removed by something other than this tab."),
            "This tab still has all of it in memory and can store it again, with its numbering. After a reload the page starts with an empty timeline.",
        ),
    }
}
