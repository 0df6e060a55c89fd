fn main() {
    let name = "Testperson";
    let _ = serde_json::to_string(&name);
}
