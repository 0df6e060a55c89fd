use airlock::engine::deliver::CrmField;
use airlock::engine::phi::Phi;

fn main() {
    let name = Phi::new(String::from("Testperson"));
    let _ = CrmField { name: String::from("patientName"), value: Some(name) };
}
