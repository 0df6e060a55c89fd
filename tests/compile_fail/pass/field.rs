struct Plain(String);

fn main() {
    let name = Plain(String::from("Testperson"));
    let _: String = name.0;
}
