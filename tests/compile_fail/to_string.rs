use airlock::engine::phi::Phi;

fn main() {
    let name = Phi::new("Testperson");
    let _: String = name.to_string();
}
