//! How states look: a tone (colour), a glyph and a word, always all three.

use crate::api::StageState;
use leptos::prelude::*;

/// Tone and glyph of an outcome, of a delivery or of an audit record. The word is the outcome itself.
pub fn outcome(word: &str) -> (&'static str, &'static str) {
    match word {
        "delivered" | "passed" | "permitted" | "attested" => ("good", "✓"),
        "changed" => ("accent", "✎"),
        "counted" | "moved" => ("accent", "Σ"),
        "unchanged" | "known" => ("calm", "≡"),
        "duplicate" => ("calm", "↺"),
        "waiting" | "deferred" => ("warn", "↻"),
        "withheld" | "withdrawn" | "denied" | "suppressed" | "in review" | "review" => ("warn", "⊘"),
        "quarantined" => ("bad", "⚠"),
        "rejected" | "refused" | "dead-lettered" | "failed" => ("bad", "✕"),
        _ => ("calm", "·"),
    }
}

/// Tone, glyph and word of a stage's state.
pub fn stage_state(state: StageState) -> (&'static str, &'static str, &'static str) {
    match state {
        StageState::Passed => ("good", "✓", "passed"),
        StageState::Changed => ("accent", "✎", "changed"),
        StageState::Refused => ("bad", "✕", "refused"),
        StageState::Waiting => ("dim", "○", "not reached"),
    }
}

/// Tone and glyph of a rule's label.
pub fn label(word: &str) -> (&'static str, &'static str) {
    match word {
        "allowed" => ("good", "→"),
        "transformed" => ("accent", "↝"),
        "redacted" => ("warn", "▬"),
        _ => ("dim", "⊘"),
    }
}

/// Tone and glyph of a disclosure class: the fuller the glyph, the more sensitive.
pub fn class(word: &str) -> (&'static str, &'static str) {
    match word {
        "operational" => ("dim", "▁"),
        "clinical-adjacent" => ("calm", "▃"),
        "phi-restricted" => ("warn", "▅"),
        _ => ("bad", "▇"),
    }
}

/// What each stage is for, before it has said anything itself.
pub fn stage_story(stage: &str) -> &'static str {
    match stage {
        "webhook" => "Checks the signature, the time and whether the event was seen before.",
        "queue" => "Takes acknowledged events one at a time.",
        "validate" => "Checks that the body is what it claims to be.",
        "adapt" => "Turns FHIR into canonical fields.",
        "identify" => "Finds out who the event is about.",
        "consent" => "Asks whether the patient lets this recipient have it for this purpose.",
        "redact" => "Applies the mapping policy, field by field.",
        "guard" => "Looks at the record once more: nothing undeclared or identifying may leave.",
        "deliver" => "Writes the record to the CRM demo zone, once.",
        _ => "",
    }
}

/// The stages in order, for the strip before anything was sent.
pub const STAGES: [&str; 8] =
    ["webhook", "queue", "validate", "adapt", "consent", "redact", "guard", "deliver"];

/// A mark: tone, glyph and word.
pub fn mark((tone, glyph): (&'static str, &'static str), word: &str) -> AnyView {
    view! {
        <span class=mark_class(tone)>
            <span class="glyph" aria-hidden="true">{glyph}</span>
            {word.to_owned()}
        </span>
    }
    .into_any()
}

/// The mark of an outcome.
pub fn outcome_mark(word: &str) -> AnyView {
    mark(outcome(word), word)
}

fn mark_class(tone: &str) -> &'static str {
    match tone {
        "good" => "mark good",
        "accent" => "mark accent",
        "warn" => "mark warn",
        "bad" => "mark bad",
        "dim" => "mark dim",
        _ => "mark calm",
    }
}

/// A sentence in which names between backticks are set as code.
pub fn prose(sentence: &str) -> AnyView {
    let parts = sentence.split('`').enumerate().map(|(i, part)| match i % 2 {
        1 => view! { <code>{part.to_owned()}</code> }.into_any(),
        _ => part.to_owned().into_any(),
    });
    parts.collect::<Vec<_>>().into_any()
}

/// A name that may go on in the next line after a point or a colon.
pub fn breakable(name: &str) -> AnyView {
    let parts = name.split_inclusive(['.', ':']);
    parts.map(|part| view! { {part.to_owned()} <wbr /> }).collect::<Vec<_>>().into_any()
}
