use airlock::engine::phi::Phi;

fn main() {
    let name = Phi::new(String::from("Testperson"));
    let _: bool = name.classify(|name| name.is_empty());
}
