use airlock::engine::fhir::NodeId;
use airlock::engine::refusal::Code;
use airlock::engine::validate::Issue;

fn main() {
    let _ = Issue::error(Code::Empty, "Patient.name", NodeId::ROOT).with_detail("It is empty.");
}
