struct Release(());

fn release<'a>(name: &'a str, _: &Release) -> &'a str {
    name
}

fn main() {
    let name = "Testperson";
    let Release(()) = Release(());
    let _ = release(name, &Release(()));
}
