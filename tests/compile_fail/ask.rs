use airlock::engine::phi::Phi;

fn main() {
    let name = Phi::new(String::from("Testperson"));
    let mut stolen = String::new();
    name.test(|name| {
        stolen = name.clone();
        true
    });
    let _: String = name.classify(|name| name.clone());
    let _ = name.map(|name| println!("{name}"));
}
