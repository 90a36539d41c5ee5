#[test]
fn prints_its_depth() {
    print!("a line that does not end ");
    assert_eq!(fathom::label(20), "10");
}
