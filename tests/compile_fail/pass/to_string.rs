fn main() {
    let name = "Testperson";
    let _: String = name.to_string();
}
