/// What stands inside the engine.
macro_rules! case {
    () => {
        use super::phi::Phi;
        use std::cell::RefCell;

        pub fn ask() {
            let name = Phi::new(String::from("Testperson"));
            let stolen = RefCell::new(String::new());
            name.classify(|name| stolen.borrow_mut().push_str(name));
        }
    };
}

#[path = "within/engine.rs"]
#[allow(dead_code, unused)]
mod engine;

fn main() {
    engine::case::ask();
}
