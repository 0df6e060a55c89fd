use airlock::engine::audit::AuditRecord;
use std::borrow::Cow;

fn main() {
    let name = String::from("Testperson");
    let _ = AuditRecord { path: Some(Cow::Owned(name)), ..AuditRecord::default() };
}
