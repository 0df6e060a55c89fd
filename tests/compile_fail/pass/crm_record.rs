use airlock::engine::deliver::CrmField;

fn main() {
    let name = String::from("Testperson");
    let _ = CrmField { name: String::from("patientName"), value: Some(name) };
}
