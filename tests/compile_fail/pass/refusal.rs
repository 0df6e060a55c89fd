use airlock::engine::refusal::{Code, Refusal};

fn main() {
    let path = "Patient.name";
    let _ = Refusal::about(Code::Empty, path);
    let _ = Refusal { path: Some(path.into()), ..Refusal::new(Code::Empty) };
}
