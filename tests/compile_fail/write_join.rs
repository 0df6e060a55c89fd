/// What stands inside the engine.
macro_rules! case {
    () => {
        use super::phi::Phi;

        pub fn ask() {
            let name = Phi::new(String::from("Testperson"));
            let mut stolen = String::new();
            let _ = name.join(Phi::new(&mut stolen), |name, stolen| *stolen = name);
        }
    };
}

#[path = "within/engine.rs"]
#[allow(dead_code, unused)]
mod engine;

fn main() {
    engine::case::ask();
}
