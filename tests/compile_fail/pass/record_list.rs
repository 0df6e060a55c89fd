use airlock::engine::audit::AuditRecord;

fn main() {
    let name = String::from("Testperson");
    let _ = AuditRecord { clauses: vec![name], ..AuditRecord::default() };
}
