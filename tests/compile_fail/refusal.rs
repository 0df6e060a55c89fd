use airlock::engine::refusal::{Code, Refusal};

fn main() {
    let name = String::from("Testperson");
    let _ = Refusal::about(Code::Empty, name.clone());
    let _ = Refusal::about(Code::Empty, name.as_str());
    let _ = Refusal { path: Some(name), ..Refusal::new(Code::Empty) };
}
