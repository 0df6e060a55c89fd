/// What stands inside the engine.
macro_rules! case {
    () => {
        use super::phi::Phi;
        use super::refusal::{Code, Refusal};

        pub fn ask() {
            let name = Phi::new(String::from("Testperson"));
            let long = name.test(|name| name.len() > 3);
            let refused = name.classify(|name| name.is_empty().then(|| Refusal::about(Code::Empty, "Patient.name")));
            assert!(long && refused.is_none());
            let limit = 3;
            let both = name.map(|name| name.to_lowercase()).join(Phi::new(limit), |name, limit| (name, limit));
            assert!(both.test(|(name, own)| name.len() > *own && *own == limit));
        }
    };
}

#[path = "../within/engine.rs"]
#[allow(dead_code, unused)]
mod engine;

fn main() {
    engine::case::ask();
}
