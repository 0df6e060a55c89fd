/// What stands inside the engine.
macro_rules! case {
    () => {
        use super::phi::Phi;
        use std::cell::Cell;

        pub fn ask() {
            let name = Phi::new(String::from("Testperson"));
            let stolen = Cell::new(0);
            name.test(|name| {
                stolen.set(name.len());
                true
            });
        }
    };
}

#[path = "within/engine.rs"]
#[allow(dead_code, unused)]
mod engine;

fn main() {
    engine::case::ask();
}
