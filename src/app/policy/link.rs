//! Links that carry a draft: making one, and taking one up. The browser does the compressing.

use super::incoming::Incoming;
use crate::api::{LINK_COMFORT, Link, Objection, POLICY_LIMIT, carries, pack};
use crate::app::desk::Desk;
use crate::app::route::Step;
use crate::app::text;
use js_sys::{Array, Function, Reflect, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStreamDefaultReader, ReadableWritablePair};

/// Names of the browser's own streams.
const DEFLATE: &str = "CompressionStream";
const INFLATE: &str = "DecompressionStream";

/// A link as made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The whole address.
    pub address: String,
    /// What to say of it.
    pub words: String,
}

/// Makes a link of the draft, and copies it where the browser lets.
pub fn copy(desk: Desk, made: RwSignal<Option<Result<Made, Objection>>>) {
    let draft = desk.sheet.text.get_untracked();
    spawn_local(async move {
        let link = make(desk, &draft).await;
        if let Ok(link) = &link {
            let copied = JsFuture::from(window().navigator().clipboard().write_text(&link.address)).await;
            let words =
                if copied.is_ok() { "The link is copied. " } else { "Copy the link from its field. " };
            desk.say(&[words, &link.words].concat());
        }
        made.set(Some(link));
    });
}

async fn make(desk: Desk, draft: &str) -> Result<Made, Objection> {
    carries(draft)?;
    let stream = stream(DEFLATE).map_err(|_| no_streams())?;
    let deflated = through(draft.as_bytes(), &stream).await.map_err(|_| no_streams())?;
    let mut route = desk.route.get_untracked();
    route.scenario = desk.bench.scenario.with_untracked(|s| s.as_ref().map(|s| s.card.id.clone()));
    route.draft = Some(pack(draft, &deflated));
    let href = window().location().href().unwrap_or_default();
    let page = href.split('#').next().unwrap_or_default();
    let address = [page, &route.fragment()].concat();
    let size = text::short_size(address.len());
    let words = if address.len() > LINK_COMFORT {
        ["It has ", &size, " characters: some programs cut a link that long. The file is safer."].concat()
    } else {
        ["It has ", &size, " characters and carries the draft itself; no server is asked for it."].concat()
    };
    Ok(Made { address, words })
}

/// Takes up the draft that the address carries, whenever it carries one.
pub fn follow(desk: Desk) {
    Effect::new(move |_| {
        let Some(carried) = desk.route.with(|r| r.draft.clone()) else { return };
        // It is taken up once: what is edited from then on is a draft like any other.
        let mut rest = desk.route.get_untracked();
        rest.draft = None;
        desk.go(rest, Step::Replace);
        spawn_local(async move {
            match open(&carried).await {
                Ok(text) => desk.receive(Incoming { from: String::from("This link"), text }),
                Err(objection) => desk.sheet.refused.set(Some(objection)),
            }
        });
    });
}

async fn open(carried: &str) -> Result<String, Objection> {
    let link = Link::read(carried)?;
    let stream = stream(INFLATE).map_err(|_| no_streams())?;
    let inflated = through(&link.deflated, &stream).await.map_err(|_| Link::broken())?;
    link.open(inflated)
}

/// A stream of the browser's, by the name of its class, for raw deflate (RFC 1951).
fn stream(class: &str) -> Result<ReadableWritablePair, JsValue> {
    let get = |of: &JsValue, name: &str| Reflect::get(of, &JsValue::from_str(name));
    let class: Function = get(&js_sys::global(), class)?.dyn_into()?;
    let stream = Reflect::construct(&class, &Array::of1(&JsValue::from_str("deflate-raw")))?;
    let (readable, writable) = (get(&stream, "readable")?, get(&stream, "writable")?);
    Ok(ReadableWritablePair::new(readable.unchecked_ref(), writable.unchecked_ref()))
}

/// Sends bytes through a stream. A little of a stream may unfold to a lot: it is read no further than a policy may be long.
async fn through(bytes: &[u8], pair: &ReadableWritablePair) -> Result<Vec<u8>, JsValue> {
    let blob = Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes)))?;
    let reader: ReadableStreamDefaultReader = blob.stream().pipe_through(pair).get_reader().unchecked_into();
    let mut out = Vec::new();
    loop {
        let chunk = JsFuture::from(reader.read()).await?;
        if Reflect::get(&chunk, &JsValue::from_str("done"))?.is_truthy() {
            return Ok(out);
        }
        let chunk = Uint8Array::new(&Reflect::get(&chunk, &JsValue::from_str("value"))?);
        out.extend(chunk.to_vec());
        if out.len() > POLICY_LIMIT {
            let _ = reader.cancel();
            return Ok(out);
        }
    }
}

fn no_streams() -> Objection {
    Objection::new(
        "link.not-supported",
        "This browser can't compress, which links need.",
        "Save the policy as a file, and open that; or use a current browser.",
    )
}
