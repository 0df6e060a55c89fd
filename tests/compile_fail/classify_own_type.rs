use airlock::engine::phi::{Closed, Phi};

struct Stolen(String);

impl Closed for Stolen {}

fn main() {
    let name = Phi::new(String::from("Testperson"));
    let _: Stolen = name.classify(|name| Stolen(name.clone()));
}
