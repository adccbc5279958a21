//! What the tests of several pictures need.

/// The values of an attribute, in the order of the document; every tag is checked to be closed on the way.
pub(super) fn attribute<'a>(document: &'a str, name: &str) -> Vec<&'a str> {
    let mut open = Vec::new();
    let mut values = Vec::new();
    for tag in document
        .split('<')
        .skip(1)
        .map(|rest| rest.split_once('>').expect("a tag's end").0)
    {
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
        let key = format!(" {name}=\"");
        if let Some((_, value)) = tag.split_once(key.as_str()) {
            values.push(value.split_once('"').expect("a value's end").0);
        }
    }
    assert!(open.is_empty(), "not closed: {open:?}");
    values
}

/// How many elements have that class.
pub(super) fn count(document: &str, class: &str) -> usize {
    document.matches(&format!("class=\"{class}\"")).count()
}
