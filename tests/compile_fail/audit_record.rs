use airlock::engine::audit::AuditRecord;
use airlock::engine::phi::Phi;
use std::borrow::Cow;

fn main() {
    let name = Phi::new(String::from("Testperson"));
    let _ = AuditRecord { path: Some(Cow::Owned(name)), ..AuditRecord::default() };
}
