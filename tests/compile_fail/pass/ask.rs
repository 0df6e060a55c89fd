struct Plain(String);

impl Plain {
    fn test(&self, question: impl FnOnce(&String) -> bool) -> bool {
        question(&self.0)
    }
}

fn main() {
    let name = Plain(String::from("Testperson"));
    let mut copied = String::new();
    name.test(|name| {
        copied = name.clone();
        true
    });
}
