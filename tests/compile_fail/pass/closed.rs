trait Open {}

struct Stolen(String);

impl Open for Stolen {}

fn main() {
    let _ = Stolen(String::from("Testperson")).0;
}
