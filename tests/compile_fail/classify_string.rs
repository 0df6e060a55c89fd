use airlock::engine::phi::Phi;

fn main() {
    let name = Phi::new(String::from("Testperson"));
    let _: String = name.classify(|name| name.clone());
}
