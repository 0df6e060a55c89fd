use airlock::engine::phi::Phi;

fn main() {
    let name = Phi::new("Testperson");
    let _ = serde_json::to_string(&name);
}
