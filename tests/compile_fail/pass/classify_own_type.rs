trait Closed {}

struct Stolen(String);

impl Closed for Stolen {}

fn classify<C: Closed>(name: &str, question: impl FnOnce(&str) -> C) -> C {
    question(name)
}

fn main() {
    let Stolen(_) = classify("Testperson", |name| Stolen(name.to_owned()));
}
