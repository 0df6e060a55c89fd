//! The connector: a state machine without IO.
//!
//! [`Connector::receive`] takes a delivery and answers at once; [`Connector::advance`] works on what is due.
//! Time and entropy are arguments; there is no clock, storage, network or DOM below here. Read
//! `Connector::work` for the way of an event, stage by stage.

pub mod adapt;
pub mod audit;
pub mod canonical;
pub mod consent;
pub mod decisions;
pub mod deliver;
pub mod document;
pub mod fhir;
pub mod guard;
pub mod kept;
pub mod keys;
pub mod label;
mod learned;
pub mod ledger;
pub mod normalise;
pub mod notification;
pub mod path;
pub mod phi;
mod place;
pub mod policy;
pub mod preview;
pub mod queue;
pub mod redact;
pub mod refusal;
mod run;
mod setting;
pub mod spelled;
mod synthetic;
pub mod tally;
pub mod time;
pub mod validate;
pub mod webhook;

pub use learned::Learned;
pub use run::{Arrival, Mark, Outcome, Receipt, Run, Stage, Step};
pub use setting::{AccessTexts, Finding, SandboxTexts, Setting, SettingTexts};

use adapt::EventMap;
use audit::{AuditRecord, Fact, Hash, Log, Movement, Operation, Operations, Tree, Upkeep};
use consent::{Citation, Denial, Question};
use deliver::{CrmRecord, CrmZone, Write};
use fhir::Json;
use learned::Lesson;
use phi::Phi;
use queue::{Content, Item, Queue};
use refusal::{Code, Refusal};
use std::sync::Arc;
use tally::{Asked, Ground, Plan};
use time::Instant;
use validate::{Known, Shape, Verdicts};
use webhook::{Admission, Before, Buckets, ContentHash, Delivery, Seen, Unusable};

/// Is told when a stage has finished, for timings. Nothing it does comes back.
pub trait Probe {
    /// The stage has just finished.
    fn finished(&mut self, stage: Stage);
}

impl<F: FnMut(Stage)> Probe for F {
    fn finished(&mut self, stage: Stage) {
        self(stage);
    }
}

/// The connector and its state.
pub struct Connector {
    setting: Arc<Setting>,
    queue: Queue,
    seen: Seen,
    buckets: Buckets,
    crm: CrmZone,
    log: Log,
    operations: Operations,
    learned: Learned,
    received: u64,
    attested: bool,
    /// Kept parts of the queue that did not open, by name: they are kept as they are.
    apart: Vec<(String, String)>,
    /// How many of them the log tells of.
    told: usize,
    /// The time of the last record as text: the records of one delivery share it.
    stamp: (Instant, String),
}

/// What a connector keeps over a restart. Source payloads are not part of it.
#[derive(Default)]
pub struct Remembered {
    /// Event ids already accepted.
    pub seen: Seen,
    /// The CRM demo zone.
    pub crm: CrmZone,
    /// What events have taught the connector.
    pub learned: Learned,
    /// Deliveries received so far.
    pub received: u64,
    /// The parts of the queue, sealed, by name.
    pub queue: Vec<(String, String)>,
}

impl Connector {
    /// A connector with a setting and what it remembers. Its log goes on from the tree over the records so far.
    pub fn new(setting: Setting, remembered: Remembered, tree: Tree) -> Self {
        let Remembered { seen, crm, learned, received, queue } = remembered;
        let stamp = (Instant(0), Instant(0).to_rfc3339());
        let mut connector = Self {
            setting: Arc::new(setting),
            queue: Queue::default(),
            seen,
            buckets: Buckets::default(),
            crm,
            log: Log::new(tree),
            operations: Operations::default(),
            learned,
            received,
            attested: false,
            apart: queue,
            told: 0,
            stamp,
        };
        connector.open_apart();
        connector
    }

    /// Puts another setting in force, for what is worked on from now on.
    pub fn configure(&mut self, setting: Setting) {
        self.buckets.keep_only(&setting.source);
        self.setting = Arc::new(setting);
        self.queue.reorder();
        self.open_apart();
    }

    /// Takes up what is remembered in the place of what the connector knew, and goes on from another tree: others have
    /// gone on from where it stood.
    pub fn recall(&mut self, remembered: Remembered, tree: Tree) {
        let Remembered { seen, crm, learned, received, queue } = remembered;
        self.log = Log::new(tree);
        (self.seen, self.crm, self.learned, self.received) = (seen, crm, learned, received);
        self.queue = Queue::default();
        self.apart = queue;
        self.open_apart();
    }

    /// Goes on from another tree, and leaves all else as it is.
    pub fn resume_log(&mut self, tree: Tree) {
        self.log = Log::new(tree);
    }

    /// Takes the records that were added since this was asked last: leaf hash and canonical text.
    pub fn take_records(&mut self) -> Vec<(Hash, String)> {
        self.log.take()
    }

    /// The setting in force.
    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The operational stream.
    pub fn operations(&self) -> &Operations {
        &self.operations
    }

    /// The CRM demo zone.
    pub fn crm(&self) -> &CrmZone {
        &self.crm
    }

    /// Event ids already accepted.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// What waits, and what was given up on.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// What events have taught the connector.
    pub fn learned(&self) -> &Learned {
        &self.learned
    }

    /// Deliveries received so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Records that the operator attests that the input is synthetic; it holds until withdrawn.
    pub fn attest(&mut self, now: Instant) {
        let run = Run::new("attestation".to_owned());
        self.note(&run, Fact::Attested, now, |_| {});
        self.attested = true;
    }

    /// Records what is done to the log itself, before it is done.
    pub fn record_upkeep(&mut self, upkeep: Upkeep, now: Instant) {
        let run = Run::new("log".to_owned());
        self.note(&run, upkeep.fact(), now, |record| upkeep.tell(record));
    }

    /// Ends the attestation.
    pub fn withdraw_attestation(&mut self) {
        self.attested = false;
    }

    /// Takes a delivery: authenticates it, answers, and queues it. The work is left to
    /// [`Connector::advance`].
    pub fn receive(&mut self, delivery: Delivery, now: Instant, probe: &mut impl Probe) -> Receipt {
        self.received = self.received.saturating_add(1);
        self.tell_apart(now);
        let mut run = Run::new(format!("run-{:06}", self.received));
        let setting = Arc::clone(&self.setting);

        let admitted = webhook::authenticate(&delivery, &setting.source, &setting.credentials, now);
        let Admission { message, assertion } = match admitted {
            Ok(admission) => admission,
            Err(refusal) => return self.turn_away(run, refusal, None, now, probe),
        };
        let id = setting.state_keys.of_event(&setting.source, &message.id);
        run.event_id = Some(id.clone());
        run.credential = Some(message.credential.clone());
        if let Err(seconds) = self.buckets.take(&setting.source, setting.rate, now) {
            let refusal = Refusal::new(Code::RateLimited);
            return self.turn_away(run, refusal, Some(seconds), now, probe);
        }
        self.seen.prune(now);
        let assertion = assertion.map(|id| setting.state_keys.of_event(&setting.source, &id));
        if assertion.as_ref().is_some_and(|id| self.seen.has_assertion(&setting.source, id)) {
            let refusal = Refusal::about(Code::AssertionReplayed, "authorization.jti");
            return self.turn_away(run, refusal, None, now, probe);
        }
        let content = delivery.body.classify(|body| ContentHash::of(body));
        match self.seen.compare(&setting.source, &id, &content) {
            Before::New => {}
            Before::Other => {
                let refusal = Refusal::about(Code::IdConflict, "webhook-id");
                return self.turn_away(run, refusal, None, now, probe);
            }
            Before::Same => {
                self.note(&run, Fact::Repeated, now, |_| {});
                let repeat = "The same event came before under this id: a safe no-op.";
                run.step(Stage::Webhook, Mark::Passed, vec![GENUINE.to_owned(), repeat.to_owned()]);
                run.outcome = Outcome::Duplicate;
                probe.finished(Stage::Webhook);
                let correlation = run.correlation.clone();
                return Receipt { correlation, status: 202, retry_after: None, settled: Some(run) };
            }
        }
        let bytes = delivery.body.len();
        if !self.queue.has_room(bytes, setting.capacity) {
            let refusal = Refusal::new(Code::QueueFull);
            return self.turn_away(run, refusal, Some(self.come_again(now)), now, probe);
        }
        if let Err(seconds) = self.seen.has_room(&setting.source, now) {
            let refusal = Refusal::new(Code::RateLimited);
            return self.turn_away(run, refusal, Some(seconds), now, probe);
        }
        self.note(&run, Fact::Authenticated, now, |_| {});
        self.seen.insert(&setting.source, &id, message.timestamp, content, assertion, now);
        let event = Content::Raw(delivery.body);
        let item = Item::new(run.correlation.clone(), message, event, now);
        self.queue.push(Item { attested: self.attested, ..item });
        probe.finished(Stage::Webhook);
        Receipt { correlation: run.correlation, status: 202, retry_after: None, settled: None }
    }

    /// Answers with a refusal. One that shows that somebody else may be at work is an alert.
    fn turn_away(
        &mut self,
        mut run: Run,
        refusal: Refusal,
        retry_after: Option<u64>,
        now: Instant,
        probe: &mut impl Probe,
    ) -> Receipt {
        let (stage, status) = (refusal.code.stage(), refusal.code.status());
        let fact = match refusal.code {
            Code::IdConflict | Code::AssertionReplayed => Fact::Alerted,
            _ if stage == Stage::Queue => Fact::QueueFull,
            _ => Fact::TurnedAway,
        };
        self.note(&run, fact, now, |record| cite(record, &refusal));
        run.step(stage, Mark::Refused, vec![refusal.code.message().to_owned()]);
        run.refusal = Some(refusal);
        probe.finished(stage);
        Receipt { correlation: run.correlation.clone(), status, retry_after, settled: Some(run) }
    }

    /// The way of an event. Each stage decides, the decision is recorded, and only then takes effect.
    fn work(
        &mut self,
        run: &mut Run,
        event: Result<Arc<Phi<Json>>, Refusal>,
        arrival: Arrival,
        now: Instant,
        probe: &mut impl Probe,
    ) -> Result<(), Refusal> {
        let setting = Arc::clone(&self.setting);
        let policy = &setting.policy;

        // validate: is it JSON, may this recipient have it at all, is everything there that its use needs.
        let event = match event {
            Ok(json) => Arc::clone(run.event.insert(json)),
            Err(refusal) => return Err(self.refuse(run, refusal, now)),
        };
        let shape = match validate::locate(&event, policy, &setting.adapter) {
            Ok(shape) => *run.shape.insert(shape),
            Err(refusal) => return Err(self.refuse(run, refusal, now)),
        };
        // The event is walked once, whatever is decided about it: the verdicts look at what was found, and where it
        // is refused, the ledger shows what the policy would have decided.
        let map = setting.event(&shape);
        run.claims =
            map.map(|map| map.adapt(&event, shape.data, shape.focus, shape.patient())).unwrap_or_default();
        if let Err(refusal) = self.validate(run, &event, &shape, arrival, now) {
            // Who is told of a consent is the policy's affair, and what it says holds all the same.
            let sound = run.verdicts.as_ref().is_some_and(Verdicts::is_sound);
            if let Some(map) = map.filter(|map| sound && self.grants(run, map)) {
                let lesson = self.lesson(&event, &shape, map, arrival, now);
                run.effect = lesson.as_ref().map(Lesson::effect);
                self.learn(run, &event, &shape, lesson, now);
            }
            return Err(self.refuse(run, refusal, now));
        }
        let Some(map) = map else {
            let refusal = Refusal::about(Code::EventTypeNotCovered, shape.resource_type.name());
            return Err(self.refuse(run, refusal, now));
        };
        run.event_type = Some(map.event_type.clone());
        if !self.grants(run, map) {
            let refusal = Refusal::about(Code::ScopeNotGranted, map);
            return Err(self.refuse(run, refusal, now));
        }
        let lesson = self.lesson(&event, &shape, map, arrival, now);
        let effect = lesson.as_ref().map(Lesson::effect);
        let verdicts = run.verdicts.as_ref().map(Verdicts::words);
        self.note(run, Fact::Checked, now, |record| {
            record.effect = effect.map(Into::into);
            record.verdicts = verdicts.unwrap_or_default();
        });
        run.step(Stage::Validate, Mark::Passed, validate::reasons(map));
        probe.finished(Stage::Validate);

        // adapt: FHIR to canonical fields.
        self.note(run, Fact::Mapped, now, |_| {});
        let found = format!("{} elements were recognised as canonical fields.", run.claims.len());
        run.step(Stage::Adapt, Mark::Changed, vec![found]);
        probe.finished(Stage::Adapt);

        // consent: what the event says of consents holds at once; then, may it cross, now, for this purpose, to this
        // recipient.
        self.learn(run, &event, &shape, lesson, now);
        let question = Question { purpose: &policy.purpose, recipient: &policy.recipient, at: now };
        let register = &self.learned.register;
        let permit = match setting.consents.decide(&event, &shape, &question, register, setting.names()) {
            Ok(permit) => permit,
            Err(denial) => {
                // Of who was merged the record that stays decides, and was asked.
                if denial.refusal.code != Code::SubjectMerged {
                    self.recount(run, &event, &shape, Some(&policy.id), now);
                }
                return Err(self.deny(run, *denial, now));
            }
        };
        let withdrawn = run.withdrawn;
        self.note(run, Fact::Permitted, now, |record| {
            record.clauses = permit.clauses;
            record.consent = Some(permit.consent.place().to_owned().into());
            record.consent_version = permit.consent.version().map(u64::from);
            record.withdrawn = withdrawn;
        });
        run.step(Stage::Consent, Mark::Passed, learned_first(run, permit.reasons));
        probe.finished(Stage::Consent);

        // redact: what of it crosses, and how.
        let (keys, transform) = match setting.transform_keys(&map.event_type, now) {
            Ok(found) => found,
            Err(why) => {
                let code = match why {
                    Unusable::NotInForce => Code::TransformNotInForce,
                    Unusable::NotGranted => Code::TransformNotGranted,
                };
                return Err(self.refuse(run, Refusal::new(code), now));
            }
        };
        let decisions = &setting.decisions;
        let redacted = match redact::redact(&event, &shape, &run.claims, policy, decisions, keys, now) {
            Ok(redacted) => redacted,
            Err(refusal) => return Err(self.refuse(run, refusal, now)),
        };
        let unnamed = ledger::unnamed(&event, &shape, &run.claims, decisions.of(&shape), policy);
        self.note(run, Fact::Redacted, now, |record| {
            record.class = redacted.class.map(|class| class.as_str().into());
            record.credential = transform.map(|credential| credential.id.clone().into());
            record.fields = redacted.notes(policy);
            record.tokens = redacted.tokens(policy);
            record.unnamed = Some(unnamed);
        });
        run.step(Stage::Redact, Mark::Changed, redacted.reasons(unnamed));
        probe.finished(Stage::Redact);

        // guard: nothing undeclared or identifying may leave.
        if let Err(refusal) = guard::check(&event, &shape, policy, decisions, &redacted) {
            return Err(self.refuse(run, refusal, now));
        }
        let counted = match &policy.aggregate {
            None => None,
            Some(aggregate) => {
                match self.learned.tally.meet(&event, &shape, policy, &setting.state_keys, now) {
                    Some(contribution) => Some((aggregate, contribution)),
                    None => {
                        let refusal = Refusal::about(Code::GuardFieldMissing, &aggregate.count);
                        return Err(self.refuse(run, refusal, now));
                    }
                }
            }
        };
        self.note(run, Fact::Inspected, now, |_| {});
        run.step(Stage::Guard, Mark::Passed, guard::reasons());
        probe.finished(Stage::Guard);

        // deliver: a record for each CRM object, written idempotently, by who may write.
        let writer = match setting.writer(&map.event_type, now) {
            Ok(writer) => writer,
            Err(why) => {
                let code = match why {
                    Unusable::NotInForce => Code::SinkNotInForce,
                    Unusable::NotGranted => Code::SinkNotGranted,
                };
                return Err(self.refuse(run, Refusal::new(code), now));
            }
        };
        if let Err(refusal) = setting.sink.accepts(now) {
            return Err(self.refuse(run, refusal, now));
        }
        let counting = counted.map(|(aggregate, contribution)| {
            let ground = Ground { policy, aggregate, keys: &setting.state_keys, crm: &self.crm, now };
            self.learned.tally.plan(contribution, &redacted, &ground)
        });
        let records = match &counting {
            Some(counting) => counting.records.clone(),
            None => {
                let mut records = CrmRecord::of(policy, &redacted, now, &run.reference);
                records.extend(self.crm.emptied(&redacted.key, &records, now, &run.reference));
                records
            }
        };
        let tokens = redacted.tokens(policy);
        run.redacted = Some(redacted);
        let writes: Vec<Write> = records.iter().map(|record| self.crm.plan(record)).collect();
        run.outcome = writes.iter().max().copied().unwrap_or(Write::Unchanged).outcome();
        let fingerprint = CrmRecord::fingerprint(&records);
        let fact = if run.outcome == Outcome::Unchanged { Fact::Unchanged } else { Fact::Delivered };
        self.note(run, fact, now, |record| {
            record.counted = counting.as_ref().map(|counting| counting.change.as_str().into());
            record.credential = writer.map(|credential| credential.id.clone().into());
            record.fingerprint = Some(fingerprint.into());
            record.tokens = tokens;
        });
        if let (Some(counting), Some((aggregate, _))) = (&counting, &counted) {
            self.learned.tally.take(counting, policy, aggregate);
        }
        run.records = records.into_iter().map(|record| self.crm.write(record)).collect();
        let sentences = writes.iter().zip(&run.records).map(|(write, record)| write.sentence(record));
        let counted = counting.iter().flat_map(Plan::sentences).map(str::to_owned);
        let mut sentences: Vec<String> = counted.chain(sentences).collect();
        if sentences.is_empty() {
            sentences.push("The policy lets nothing of this event cross: nothing was written.".to_owned());
        }
        run.step(Stage::Deliver, Mark::Passed, sentences);
        probe.finished(Stage::Deliver);
        Ok(())
    }

    /// The verdicts on an event, and what refuses it: real-looking data first, since nothing is judged of it.
    fn validate(
        &self,
        run: &mut Run,
        event: &Phi<Json>,
        shape: &Shape,
        arrival: Arrival,
        now: Instant,
    ) -> Result<(), Refusal> {
        let Arrival { attested, sent, .. } = arrival;
        if !attested {
            synthetic::require(event, shape.data)?;
        }
        let Setting { policy, source, consents, state_keys, .. } = &*self.setting;
        let map = self.setting.event(shape);
        let (seen, patient) = match map {
            Some(map) => {
                let namespace = shape.namespace(source, now);
                self.learned.about(event, shape, map, &namespace, consents, state_keys)
            }
            None => (None, false),
        };
        let known = Known { source, sent, seen, patient };
        let deviations = &self.setting.adapter.deviations;
        let verdicts = Verdicts {
            policy: validate::judge_policy(event, shape, map, &run.claims, policy, now.day()),
            ..validate::judge_soundness(event, shape, map, &run.claims, &known, deviations)
        };
        run.verdicts.insert(verdicts).refusal().map_or(Ok(()), Err)
    }

    /// Whether the credential that an event came with is good for its type. One that was taken away since vouches for
    /// nothing any more.
    fn grants(&self, run: &Run, map: &EventMap) -> bool {
        let credential = run.credential.as_deref().and_then(|id| self.setting.credential(id));
        credential.is_some_and(|own| own.grants(&map.event_type))
    }

    /// What an event says of consents, when it comes for the first time.
    fn lesson(
        &self,
        event: &Phi<Json>,
        shape: &Shape,
        map: &EventMap,
        arrival: Arrival,
        now: Instant,
    ) -> Option<Lesson> {
        if arrival.again { None } else { Lesson::of(event, shape, map, self.setting.names(), now) }
    }

    /// Takes up what an event teaches, after it was recorded: its version, and what it says of consents.
    fn learn(
        &mut self,
        run: &mut Run,
        event: &Phi<Json>,
        shape: &Shape,
        lesson: Option<Lesson>,
        now: Instant,
    ) {
        let setting = Arc::clone(&self.setting);
        if let Some(lesson) = &lesson {
            self.note(run, lesson.fact(), now, |_| {});
            run.learned = Some(lesson.sentence());
        }
        self.learned.saw(event, shape, &setting.source, &setting.state_keys);
        if let Some(lesson) = lesson {
            self.learned.take_up(lesson);
            self.recount(run, event, shape, None, now);
        }
    }

    /// Counts a patient no more under policies, or one of them, whose counting is permitted no more.
    fn recount(
        &mut self,
        run: &mut Run,
        event: &Phi<Json>,
        shape: &Shape,
        policy: Option<&str>,
        now: Instant,
    ) {
        let Some(patient) = shape.patient() else { return };
        let setting = Arc::clone(&self.setting);
        let namespace = shape.namespace(&setting.source, now);
        let names = tally::names(event, &namespace, patient, &setting.state_keys);
        for Asked { policy: own, purpose, recipient } in self.learned.tally.asked(&names) {
            if policy.is_some_and(|policy| policy != own) {
                continue;
            }
            let question = Question { purpose: &purpose, recipient: &recipient, at: now };
            let register = &self.learned.register;
            if setting.consents.decide(event, shape, &question, register, setting.names()).is_err() {
                self.note(run, Fact::Uncounted, now, |_| {});
                run.withdrawn = Some(run.withdrawn.unwrap_or(0).saturating_add(1));
                self.learned.tally.withdraw(&names, &own);
            }
        }
    }

    /// Records a refusal and puts it on the trail.
    fn refuse(&mut self, run: &mut Run, refusal: Refusal, now: Instant) -> Refusal {
        let fact = match refusal.code.stage() {
            Stage::Guard => Fact::Quarantined,
            Stage::Deliver => Fact::WriteFailed,
            Stage::Redact => Fact::RedactRefused,
            _ if refusal.code == Code::NotificationEventConflict => Fact::Conflicted,
            _ => Fact::CheckRefused,
        };
        let (effect, withdrawn) = (run.effect, run.withdrawn);
        let verdicts = run.verdicts.as_ref().map(Verdicts::words);
        self.note(run, fact, now, |record| {
            cite(record, &refusal);
            record.effect = effect.map(Into::into);
            record.verdicts = verdicts.unwrap_or_default();
            record.withdrawn = withdrawn;
        });
        let mut reasons = learned_first(run, vec![refusal.code.message().to_owned()]);
        reasons.extend(refusal.path.iter().map(|path| format!("At {path}.")));
        run.step(refusal.code.stage(), Mark::Refused, reasons);
        refusal
    }

    /// Records a denial with the consent that decided.
    fn deny(&mut self, run: &mut Run, denial: Denial, now: Instant) -> Refusal {
        let Denial { refusal, consent, clauses, reasons } = denial;
        let withdrawn = run.withdrawn;
        self.note(run, Fact::Denied, now, |record| {
            cite(record, &refusal);
            record.withdrawn = withdrawn;
            record.clauses = clauses;
            record.consent_version = consent.as_ref().and_then(Citation::version).map(u64::from);
            record.consent = consent.map(|citation| citation.place().to_owned().into());
        });
        run.step(Stage::Consent, Mark::Refused, learned_first(run, reasons));
        refusal
    }

    /// Appends a record of a decision about a delivery.
    fn note(&mut self, run: &Run, fact: Fact, now: Instant, more: impl FnOnce(&mut AuditRecord<'_>)) {
        if self.stamp.0 != now {
            self.stamp = (now, now.to_rfc3339());
        }
        let Setting {
            policy, policy_reference, adapter_reference, adapter_hash, source, actor, role, ..
        } = &*self.setting;
        let context = AuditRecord {
            actor: actor.into(),
            adapter: Some(adapter_reference.into()),
            adapter_hash: Some(adapter_hash.into()),
            correlation: run.correlation.as_str().into(),
            // Further on, a decision rests on other credentials than the sender's.
            credential: run.credential.as_deref().filter(|_| fact.row().stage == "webhook").map(Into::into),
            destination: Some(policy.target.as_str().into()),
            event: run.event_id.as_deref().map(Into::into),
            event_type: run.event_type.as_deref().map(Into::into),
            legal_basis: Some(policy.legal_basis.as_str().into()),
            policy: Some(policy_reference.into()),
            policy_hash: Some(policy.hash.as_str().into()),
            purpose: Some(policy.purpose.as_str().into()),
            role: role.into(),
            seq: self.log.size(),
            source: source.into(),
            time: self.stamp.1.as_str().into(),
            ..AuditRecord::default()
        };
        let canonical = AuditRecord::of(fact, context, more).canonical();
        self.log.append(canonical);
    }

    /// Notes an operation.
    fn operate(
        &mut self,
        movement: Movement,
        correlation: &str,
        code: Option<Code>,
        at: Instant,
        waits: Option<(usize, Instant)>,
    ) {
        self.operations.note(Operation {
            number: 0,
            at,
            movement,
            correlation: correlation.to_owned(),
            code,
            failed: waits.map(|(failed, _)| failed).filter(|failed| *failed > 0),
            until: waits.map(|(_, until)| until),
        });
    }
}

/// Names the reason in a record.
fn cite(record: &mut AuditRecord<'_>, refusal: &Refusal) {
    record.code = Some(refusal.code.as_str().into());
    record.path = refusal.path.as_deref().map(|path| path.to_owned().into());
}

/// Before the reasons of a consent decision, what the event itself changed about consents.
fn learned_first(run: &Run, reasons: Vec<String>) -> Vec<String> {
    run.learned.iter().map(|sentence| (*sentence).to_owned()).chain(reasons).collect()
}

const GENUINE: &str = "The sender is who it says, and the timestamp is within 300 seconds.";
