use airlock::engine::phi::Phi;

fn main() {
    let name = "Testperson";
    println!("{}", name);
    // `Debug` is there for logs and panics, and tells nothing.
    assert_eq!(format!("{:?}", Phi::new(name)), "Phi(…)");
}
