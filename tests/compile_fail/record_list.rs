use airlock::engine::audit::AuditRecord;
use airlock::engine::phi::Phi;

fn main() {
    let name = Phi::new(String::from("Testperson"));
    let _ = AuditRecord { clauses: vec![name], ..AuditRecord::default() };
}
