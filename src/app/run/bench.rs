//! The Run view's state: the open scenario, the requests in the editor, what was sent.

use super::findings::{self, Findings};
use super::own::Own;
use super::signer::Signer;
use crate::api::{
    CrmRecord, LedgerRow, OpenScenario, RefusalView, Request, RunView, Setup, StageView, VerdictView,
};
use crate::app::parts::Mark;
use leptos::prelude::*;
use std::sync::Arc;

/// A request in the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// As it stands.
    pub request: Request,
    /// As the scenario or the own input gave it.
    pub shipped: Request,
    /// When it arrives, in milliseconds since the Unix epoch.
    pub arrival: i64,
    /// Whether id, timestamp or body changed since it was signed.
    pub stale: bool,
    /// Whether its id is the user's own choice, which sending leaves as it is.
    pub id_chosen: bool,
    /// The same of its timestamp.
    pub time_chosen: bool,
}

impl Draft {
    /// A request as given.
    pub fn new(request: Request, arrival: i64) -> Self {
        let shipped = request.clone();
        Self { shipped, request, arrival, stale: false, id_chosen: false, time_chosen: false }
    }

    /// Puts everything back as it was given.
    pub fn restore(&mut self) {
        *self = Self::new(self.shipped.clone(), self.arrival);
    }
}

/// What became of something sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// The whole run.
    Run(RunView),
    /// It could not become an event at all.
    Unread(RefusalView),
    /// One of many items: the outcome was kept, the rest was not.
    Brief {
        /// Final state.
        outcome: String,
        /// Refusal code.
        code: Option<String>,
        /// Correlation id of its audit records.
        correlation: String,
    },
}

/// Something sent, with what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// What the result line calls it.
    pub label: String,
    /// The request, in memory only.
    pub request: Request,
    /// What became of it.
    pub fate: Fate,
    /// The request in the editor that it came from, so that a fix can be made there; none for the others.
    pub draft: Option<usize>,
}

impl Sent {
    /// The outcome's word.
    pub fn outcome(&self) -> &str {
        match &self.fate {
            Fate::Run(view) => &view.outcome,
            Fate::Unread(_) => "rejected",
            Fate::Brief { outcome, .. } => outcome,
        }
    }

    /// Why it did not go through.
    pub fn refusal(&self) -> Option<&RefusalView> {
        match &self.fate {
            Fate::Run(view) => view.refusal.as_ref(),
            Fate::Unread(refusal) => Some(refusal),
            Fate::Brief { .. } => None,
        }
    }

    /// The run's correlation id.
    pub fn correlation(&self) -> Option<&str> {
        match &self.fate {
            Fate::Run(view) => Some(&view.correlation),
            Fate::Brief { correlation, .. } => Some(correlation),
            Fate::Unread(_) => None,
        }
    }

    /// The stages.
    pub fn stages(&self) -> &[StageView] {
        match &self.fate {
            Fate::Run(view) => &view.stages,
            _ => &[],
        }
    }

    /// The three verdicts of the validate stage.
    pub fn verdicts(&self) -> &[VerdictView] {
        match &self.fate {
            Fate::Run(view) => &view.verdicts,
            _ => &[],
        }
    }

    /// The records written or found.
    pub fn records(&self) -> &[CrmRecord] {
        match &self.fate {
            Fate::Run(view) => &view.records,
            _ => &[],
        }
    }

    /// The field ledger.
    pub fn ledger(&self) -> &[LedgerRow] {
        match &self.fate {
            Fate::Run(view) => &view.ledger,
            _ => &[],
        }
    }
}

/// A policy put in force, and the shipped policy it stands in for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// The shipped text.
    pub shipped: String,
    /// The text in force instead.
    pub text: String,
    /// Whether it is a version, and not a draft.
    pub published: bool,
}

/// The Run view's handles.
#[derive(Clone, Copy)]
pub struct Bench {
    /// The open scenario.
    pub scenario: RwSignal<Option<Arc<OpenScenario>>>,
    /// The consents on file, as edited.
    pub consents: RwSignal<String>,
    /// What is in force in place of shipped policies.
    pub adopted: RwSignal<Vec<Adopted>>,
    /// The requests in the editor.
    pub drafts: RwSignal<Vec<Draft>>,
    /// Which of them the editor shows.
    pub at: RwSignal<usize>,
    /// Whether an edited request is signed again when it is sent.
    pub sign_on_send: RwSignal<bool>,
    /// What requests are signed with.
    pub signer: RwSignal<Signer>,
    /// What was sent, oldest first.
    pub sent: RwSignal<Vec<Arc<Sent>>>,
    /// Which of it is shown.
    pub shown: RwSignal<Option<Arc<Sent>>>,
    /// Whether the body is checked while it is typed.
    pub live: RwSignal<bool>,
    /// What validation has found in the body shown.
    pub findings: RwSignal<Option<Arc<Findings>>>,
    /// Where that stands in the body in the editor.
    pub marks: Memo<Arc<Vec<Mark>>>,
    /// The number of the issue that stands out.
    pub issue: RwSignal<Option<usize>>,
    /// Key of the CRM record picked from the zone's list.
    pub picked: RwSignal<Option<String>>,
    /// Whether source values are unveiled.
    pub reveal: RwSignal<bool>,
    /// Why the setting could not be put in force.
    pub setting_fault: RwSignal<Option<String>>,
    /// Whether something is being sent.
    pub busy: RwSignal<bool>,
    /// The user's own input.
    pub own: Own,
}

impl Bench {
    /// An empty bench.
    pub fn new() -> Self {
        let (drafts, at, findings) = (RwSignal::new(Vec::new()), RwSignal::new(0), RwSignal::new(None));
        Self {
            scenario: RwSignal::new(None),
            consents: RwSignal::new(String::new()),
            adopted: RwSignal::new(Vec::new()),
            drafts,
            at,
            sign_on_send: RwSignal::new(true),
            signer: RwSignal::new(Signer::default()),
            sent: RwSignal::new(Vec::new()),
            shown: RwSignal::new(None),
            live: RwSignal::new(false),
            findings,
            marks: findings::marks(findings, drafts, at),
            issue: RwSignal::new(None),
            picked: RwSignal::new(None),
            reveal: RwSignal::new(false),
            setting_fault: RwSignal::new(None),
            busy: RwSignal::new(false),
            own: Own::new(),
        }
    }

    /// Opens a scenario in place of what was there.
    pub fn take_up(self, scenario: Arc<OpenScenario>) {
        self.own.close();
        let drafts = scenario.requests.iter().map(|(at, r)| Draft::new(r.clone(), *at)).collect();
        self.consents.set(scenario.setup.consents.clone());
        self.scenario.set(Some(scenario));
        self.show_drafts(drafts);
    }

    /// Puts requests in the editor and clears what was shown of others.
    pub fn show_drafts(self, drafts: Vec<Draft>) {
        self.drafts.set(drafts);
        self.at.set(0);
        self.sign_on_send.set(true);
        self.signer.set(Signer::default());
        self.clear_results();
    }

    /// Forgets what was sent.
    pub fn clear_results(self) {
        self.sent.set(Vec::new());
        self.shown.set(None);
        self.picked.set(None);
        self.reveal.set(false);
        self.setting_fault.set(None);
    }

    /// The setting in force: the scenario's, with the consents as edited and the policy draft put in force.
    pub fn setup(self) -> Option<Setup> {
        let mut setup = self.scenario.with(|s| s.as_ref().map(|s| s.setup.clone()))?;
        setup.consents = self.consents.get();
        if let Some(adopted) = self.adopted_for(&setup.policy) {
            setup.policy = adopted.text;
        }
        Some(setup)
    }

    /// What is in force in place of a shipped policy, if anything.
    pub fn adopted_for(self, shipped: &str) -> Option<Adopted> {
        self.adopted.with(|all| all.iter().find(|adopted| adopted.shipped == shipped).cloned())
    }

    /// The same, for an event handler: it follows nothing.
    pub fn adopted_now(self, shipped: &str) -> Option<Adopted> {
        untrack(|| self.adopted_for(shipped))
    }

    /// Puts a text in force in place of a shipped policy, saying whether it is a version; or, without one, the shipped
    /// policy itself.
    pub fn adopt(self, shipped: &str, instead: Option<(String, bool)>) {
        if self.adopted_now(shipped).map(|adopted| (adopted.text, adopted.published)) == instead {
            return;
        }
        self.adopted.update(|all| {
            all.retain(|adopted| adopted.shipped != shipped);
            all.extend(instead.map(|(text, published)| Adopted {
                shipped: shipped.to_owned(),
                text,
                published,
            }));
        });
    }

    /// The setting in force, for an event handler: it follows nothing.
    pub fn setup_now(self) -> Option<Setup> {
        untrack(|| self.setup())
    }

    /// The open scenario with the edits made to it, signed as a Send would sign them.
    pub fn edited_scenario(self) -> Option<OpenScenario> {
        let setup = self.setup()?;
        let mut scenario = self.scenario.with(|s| s.as_ref().map(|s| OpenScenario::clone(s)))?;
        let signer = self.sign_on_send.get().then(|| self.signer.get());
        scenario.requests = self.drafts.with(|drafts| {
            drafts
                .iter()
                .map(|draft| {
                    let mut request = draft.request.clone();
                    if let Some(signer) = signer.as_ref().filter(|_| draft.stale) {
                        signer.sign(&setup, &mut request);
                    }
                    (draft.arrival, request)
                })
                .collect()
        });
        scenario.setup = setup;
        Some(scenario)
    }

    /// The request that the editor shows, for an event handler: it follows nothing.
    pub fn draft_now(self) -> Option<Draft> {
        untrack(|| self.draft())
    }

    /// The request that the editor shows.
    pub fn draft(self) -> Option<Draft> {
        let at = self.at.get();
        self.drafts.with(|d| d.get(at).cloned())
    }

    /// Changes the request that the editor shows.
    pub fn edit(self, change: impl FnOnce(&mut Draft)) {
        let at = self.at.get_untracked();
        self.drafts.update(|drafts| {
            if let Some(draft) = drafts.get_mut(at) {
                change(draft);
            }
        });
    }
}
