fn main() {
    let name = String::from("Testperson");
    let _: &str = &*name;
}
