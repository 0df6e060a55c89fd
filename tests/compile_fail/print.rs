use airlock::engine::phi::Phi;

fn main() {
    let name = Phi::new("Testperson");
    println!("{}", name);
}
