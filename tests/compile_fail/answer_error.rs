/// What stands inside the engine.
macro_rules! case {
    () => {
        use super::phi::Phi;
        use super::refusal::Refusal;

        pub fn ask() {
            let name = Phi::new(String::from("Testperson"));
            let _: Result<Refusal, String> = name.classify(|name| Err(name.clone()));
        }
    };
}

#[path = "within/engine.rs"]
#[allow(dead_code, unused)]
mod engine;

fn main() {
    engine::case::ask();
}
