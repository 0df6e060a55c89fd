use airlock::engine::phi::Closed;

struct Stolen(String);

impl Closed for Stolen {}

fn main() {
    let _ = Stolen(String::from("Testperson"));
}
