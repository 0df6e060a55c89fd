use airlock::engine::fhir::NodeId;
use airlock::engine::refusal::Code;
use airlock::engine::validate::Issue;

fn main() {
    let name = String::from("Testperson");
    let _ = Issue::error(Code::Empty, name.clone(), NodeId::ROOT);
    let _ = Issue::error(Code::Empty, "Patient.name", NodeId::ROOT).with_detail(format!("It is {name}."));
}
