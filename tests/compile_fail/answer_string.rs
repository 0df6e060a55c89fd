/// What stands inside the engine.
macro_rules! case {
    () => {
        use super::phi::Phi;

        pub fn ask() {
            let name = Phi::new(String::from("Testperson"));
            let _: String = name.classify(|name| name.clone());
        }
    };
}

#[path = "within/engine.rs"]
#[allow(dead_code, unused)]
mod engine;

fn main() {
    engine::case::ask();
}
